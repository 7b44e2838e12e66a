;; What test/interop/gnu.ts has GNU Shepherd run; `services` there is the same for ours.
(define (forked . command)
  (make-forkexec-constructor command #:log-file (string-append folder "/gnu.log")))

(register-services
 (list
  (service '(sleeper nap)
    #:documentation "Sleeps a lot."
    #:start (forked "sh" "-c" "echo one; echo two; exec sleep 600")
    #:stop (make-kill-destructor)
    #:respawn? #f
    #:actions
    (actions
     (hi "Say hi."
         (lambda (running . words)
           (format #t "hi (~{~a~^ ~})~%~%bye~%" words)
           #t))
     (fail "Fails." (lambda (running) (format #t "no~%") #f))))
  (service '(dependent)
    #:requirement '(sleeper)
    #:start (const #t)
    #:stop (const #f)
    #:respawn? #f)
  (service '(falsy) #:start (const #f) #:stop (const #f) #:respawn? #f)
  (service '(once)
    #:documentation "Once."
    #:one-shot? #t
    #:start (make-system-constructor "true")
    #:respawn? #f)
  (service '(dies)
    #:start (forked "sh" "-c" "exit 7")
    #:stop (make-kill-destructor)
    #:respawn? #f)
  (service '(respawned)
    #:start (forked "sleep" "600")
    #:stop (make-kill-destructor)
    #:respawn? #t)))
