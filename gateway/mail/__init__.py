"""What octets mean: pure, total, no I/O, no clock.

Any octets give a Heading and a Message, with defects where the mail is odd. Nothing here
opens, waits, logs or raises.
"""
