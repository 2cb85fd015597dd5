"""A library that runs a thread from its import on."""

import threading

threading.Thread(target=threading.Event().wait, name="watchdog", daemon=True).start()
