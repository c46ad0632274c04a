# Asks each address as a program of Python does, and prints what came.
import sys
import urllib.error
import urllib.request

failed = False
for address in sys.argv[1:]:
    try:
        with urllib.request.urlopen(address) as answer:
            print("urllib:", answer.read().decode().strip())
    except urllib.error.HTTPError as error:
        failed = True
        print("urllib failed:", error, error.read().decode().strip())
    except OSError as error:
        failed = True
        print("urllib failed:", error)
sys.exit(failed)
