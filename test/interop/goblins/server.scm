;; A Goblins peer that serves one counter over tcp-tls and prints its sturdyref.
(use-modules (goblins)
             (goblins actor-lib methods)
             (goblins ocapn captp)
             (goblins ocapn ids)
             (goblins ocapn netlayer tcp-tls))
;; Guile dies of a peer that hangs up, unless it is told otherwise.
(sigaction SIGPIPE SIG_IGN)

(define (^counter bcom count)
  (methods
   ((echo value) value)
   ((add n) (bcom (^counter bcom (+ count n)) (+ count n)))
   ((fail) (error "on purpose"))
   ((self) (spawn ^counter 100))
   ((tell listener word) (<- listener 'hear word))))

(define vat (spawn-vat))
(call-with-vat vat
 (lambda ()
   (define mycapn (spawn-mycapn (spawn ^tcp-tls-netlayer "127.0.0.1")))
   (on (<- mycapn 'register (spawn ^counter 0) 'tcp-tls)
       (lambda (sturdyref)
         (display (ocapn-id->string sturdyref))
         (newline)
         (force-output)))))
(sleep 300)
