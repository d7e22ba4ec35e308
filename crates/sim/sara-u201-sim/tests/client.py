"""An AT client for a SARA-U201 on a TCP port: python3 client.py PORT

Written from the manual's rules alone; it knows nothing of the program at the other end.
Ends with status 0 and the line "done" when every step has worked.
"""

import re
import socket
import sys
import threading
import time


def echo_server():
    """A TCP server of this machine that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        client, _ = listener.accept()
        while data := client.recv(4096):
            client.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


FINAL = re.compile(rb"\r\n(OK|ERROR|\+CM[ES] ERROR: [^\r]*|NO CARRIER|BUSY|ABORTED)\r\n")


class Modem:
    def __init__(self, port):
        self.line = socket.create_connection(("127.0.0.1", port))
        self.line.settimeout(0.05)
        self.seen = b""

    def more(self):
        try:
            data = self.line.recv(4096)
            if not data:
                raise SystemExit("the line is closed")
            self.seen += data
        except TimeoutError:
            pass

    def wait(self, pattern, seconds):
        """Waits until the input matches; gives the match and keeps what follows it."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen, re.DOTALL)
            if found:
                self.seen = self.seen[found.end() :]
                return found
            if time.monotonic() > end:
                raise SystemExit(f"no {pattern!r} in {self.seen!r}")
            self.more()

    def command(self, text, seconds=10):
        """Sends a line; gives the information before OK."""
        time.sleep(0.02)  # the pause after a result or a URC
        self.line.sendall(text.encode() + b"\r")
        end = time.monotonic() + seconds
        while not (found := FINAL.search(self.seen)):
            if time.monotonic() > end:
                raise SystemExit(f"{text}: no result in {self.seen!r}")
            self.more()
        information, self.seen = self.seen[: found.start()], self.seen[found.end() :]
        if found[1] != b"OK":
            raise SystemExit(f"{text}: {found[1]!r}")
        return information.strip().decode("latin-1")

    def data(self, text, prompt, payload):
        """Sends a line, waits for its prompt and then 50 ms, sends the data; gives the information."""
        time.sleep(0.02)
        self.line.sendall(text.encode() + b"\r")
        self.wait(prompt, 5)
        time.sleep(0.05)
        self.line.sendall(payload)
        return self.wait(rb"(.*?)\r\nOK\r\n", 20)[1].strip().decode("latin-1")

    def read(self, number, count):
        """Reads from a socket, by the length that the answer tells and not by its end."""
        time.sleep(0.02)
        self.line.sendall(f"AT+USORD={number},{count}\r".encode())
        length = int(self.wait(rb"\r\n\+USORD: \d,(\d+),\"", 5)[1])
        while len(self.seen) < length + len(b'"\r\n\r\nOK\r\n'):
            self.more()
        data, self.seen = self.seen[:length], self.seen[length:]
        self.wait(rb'^"\r\n\r\nOK\r\n', 5)
        return data


def check(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"{what}: {got!r} instead of {wanted!r}")


def main():
    modem = Modem(int(sys.argv[1]))
    for _ in range(20):
        modem.line.sendall(b"AT\r")
        time.sleep(0.2)
        modem.more()
        if b"\r\nOK\r\n" in modem.seen:
            break
    modem.wait(rb".*\r\nOK\r\n", 5)
    modem.line.sendall(b"ATE0\r")
    modem.wait(rb"ATE0\r\r\nOK\r\n", 5)  # the last echo
    modem.command("AT+CMEE=1")
    check("model", modem.command("AT+CGMM"), "SARA-U201")
    check("identity", modem.command("AT+CGSN").isdigit(), True)
    check("card", modem.command("AT+CPIN?"), "+CPIN: READY")
    for _ in range(60):
        status = modem.command("AT+CREG?").split(",")[1]
        if status in ("1", "5"):
            break
        time.sleep(0.2)
    check("registration", status in ("1", "5"), True)
    modem.command("AT+CGATT=1", 180)
    modem.command('AT+UPSD=0,1,"internet"')
    if modem.command("AT+UPSND=0,8").endswith(",0"):
        modem.command("AT+UPSDA=0,3", 180)
    check("context", modem.command("AT+UPSND=0,8"), "+UPSND: 0,8,1")

    port = echo_server()
    number = int(modem.command("AT+USOCR=6").removeprefix("+USOCR: "))
    modem.command(f'AT+USOCO={number},"127.0.0.1",{port}', 120)
    payload = bytes(range(256)) + b'\r\nOK\r\n"\r\n+UUSOCL: 0\r\n@>'
    answer = modem.data(f"AT+USOWR={number},{len(payload)}", rb"\r\n@", payload)
    check("write", answer, f"+USOWR: {number},{len(payload)}")
    received = b""
    while len(received) < len(payload):
        modem.wait(rb"\+UUSORD: %d,\d+\r\n" % number, 10)
        received += modem.read(number, 1024)
    check("binary echo", received, payload)

    modem.command("AT+UDCONF=1,1")
    modem.command(f'AT+USOWR={number},5,"{b"hello".hex().upper()}"')
    modem.wait(rb"\+UUSORD: %d,5\r\n" % number, 10)
    answer = modem.command(f"AT+USORD={number},512")
    check("hexadecimal echo", answer, f'+USORD: {number},5,"68656C6C6F"')
    modem.command(f"AT+USOCL={number}")

    modem.command("AT+CMGF=1")
    answer = modem.data('AT+CMGS="+491701234567"', rb"\r\n> ", b"good day\x1a")
    check("message", answer.startswith("+CMGS: "), True)
    modem.data('AT+UDWNFILE="note",3', rb">", b"abc")
    check("file", modem.command('AT+URDFILE="note"'), '+URDFILE: "note",3,"abc"')
    modem.command('AT+UDELFILE="note"')
    print("done")


main()
