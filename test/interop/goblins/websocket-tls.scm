;; wss: TLS by the certificate of its folder, which is the authority there, too, so each side verifies the other's.
(use-modules (goblins ocapn netlayer websocket)
             ((web client) #:select (x509-certificate-directory))
             (ice-9 binary-ports))
(define transport 'websocket)
(define (spawn-netlayer folder)
  (define (read-whole name)
    (call-with-input-file (string-append folder name) get-bytevector-all #:binary #t))
  (x509-certificate-directory (string-append folder "/authorities"))
  (spawn ^websocket-netlayer
         #:tls-private-key (read-whole "/tls.key")
         #:tls-certificate (read-whole "/authorities/tls.pem")))
