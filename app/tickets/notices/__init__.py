"""Who is told what about tickets and orders: handlers that turn events into notifications.

`tickets` and `visits` speak to reporters and followers, `orders` to the crew, `duty` to who leads on duty, `acceptance`
to third parties, `clocks` of due times; `facts` reads what their sentences need.
"""
