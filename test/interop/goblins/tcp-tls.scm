(use-modules (goblins ocapn netlayer tcp-tls))
(define transport 'tcp-tls)
(define (spawn-netlayer folder) (spawn ^tcp-tls-netlayer "127.0.0.1"))
