;; A Goblins peer that serves one counter and prints its sturdyref. Before it stands a road, such as tcp-tls.scm.
(use-modules (goblins)
             (goblins actor-lib methods)
             (goblins ocapn captp)
             (goblins ocapn ids))
;; Guile dies of a peer that hangs up, unless it is told otherwise.
(sigaction SIGPIPE SIG_IGN)

(define (^counter bcom count last)
  (methods
   ((echo value) value)
   ((add n) (bcom (^counter bcom (+ count n) last) (+ count n)))
   ;; What was changed before an error is changed back.
   ((add-and-fail n) (bcom (^counter bcom (+ count n) last)) (error "on purpose"))
   ((fail) (error "on purpose"))
   ((self) (spawn ^counter 100 #f))
   ((keep object) (bcom (^counter bcom count object) object))
   ((is-kept object) (eq? object last))
   ((when-there vow) vow)
   ((tell listener word) (<- listener 'hear word))))

(define vat (spawn-vat))
(call-with-vat vat
 (lambda ()
   (define mycapn (spawn-mycapn (spawn-netlayer folder)))
   (on (<- mycapn 'register (spawn ^counter 0 #f) transport)
       (lambda (sturdyref)
         (display (ocapn-id->string sturdyref))
         (newline)
         (force-output)))))
(sleep 300)
