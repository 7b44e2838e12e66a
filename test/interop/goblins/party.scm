;; A Goblins peer that can be each of the three in a handoff: prints the sturdyref of its party. Before it stands a road, such
;; as tcp-tls.scm.
(use-modules (goblins)
             (goblins actor-lib methods)
             (goblins ocapn captp)
             (goblins ocapn ids))
;; Guile dies of a peer that hangs up, unless it is told otherwise.
(sigaction SIGPIPE SIG_IGN)

(define (^party bcom mycapn heard)
  (define (enliven uri) (<- mycapn 'enliven (string->ocapn-id uri)))
  (methods
   ;; The exporter's part.
   ((hear word) (bcom (^party bcom mycapn (cons word heard)) (+ 1 (length heard))))
   ((heard) (reverse heard))
   ;; The receiver's: what it says leaves at once, in order.
   ((tell listener word) (<- listener 'hear word) (<- listener 'hear (string-append word "!")))
   ;; The gifter's.
   ((pass receiver exporter word)
    (on (enliven exporter)
        (lambda (listener) (<- (enliven receiver) 'tell listener word))
        #:promise? #t))))

(define vat (spawn-vat))
(call-with-vat vat
 (lambda ()
   (define mycapn (spawn-mycapn (spawn-netlayer folder)))
   (on (<- mycapn 'register (spawn ^party mycapn '()) transport)
       (lambda (sturdyref)
         (display (ocapn-id->string sturdyref))
         (newline)
         (force-output)))))
(sleep 600)
