(use-modules (goblins ocapn netlayer websocket))
(define transport 'websocket)
(define (spawn-netlayer folder) (spawn ^websocket-netlayer #:encrypted? #f))
