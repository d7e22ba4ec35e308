"""An AT client for a SARA-U201: python3 client.py LINE DIRECTORY

LINE is 127.0.0.1:PORT or the name of a terminal. DIRECTORY holds root.der, and good.pem and bad.pem:
servers' certificates with their keys, for localhost and for another name.
Written from the manual's rules alone; it knows nothing of the program at the other end.
Ends with status 0 and the line "done" when every step has worked.
"""

import os
import re
import select
import socket
import ssl
import sys
import threading
import time
import tty

FINAL = re.compile(rb"\r\n(OK|ERROR|\+CM[ES] ERROR: [^\r]*|NO CARRIER|BUSY|ABORTED)\r\n")


def serve(handle, context=None):
    """A TCP server of this machine: `handle` gets each client; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            client, _ = listener.accept()
            try:
                handle(context.wrap_socket(client, server_side=True) if context else client)
            except OSError:
                pass  # a handshake that the modem gave up

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def echo(client):
    while data := client.recv(4096):
        client.sendall(data)


def tls_echo(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return serve(echo, context)


def datagram_echo():
    """A UDP server that sends each datagram back, reversed."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def run():
        while True:
            data, sender = server.recvfrom(2048)
            server.sendto(data[::-1], sender)

    threading.Thread(target=run, daemon=True).start()
    return server.getsockname()[1]


class Line:
    """A TCP connection or a terminal, as bytes."""

    def __init__(self, name):
        if name.startswith("/"):
            self.number = os.open(name, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(self.number)
        else:
            host, port = name.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)))
            self.number = self.socket.fileno()

    def write(self, data):
        while data:
            data = data[os.write(self.number, data) :]

    def read(self):
        """What comes within 50 ms."""
        ready, _, _ = select.select([self.number], [], [], 0.05)
        if not ready:
            return b""
        if not (data := os.read(self.number, 4096)):
            raise SystemExit("the line is closed")
        return data


class Modem:
    def __init__(self, name):
        self.line = Line(name)
        self.seen = b""

    def wait(self, pattern, seconds):
        """Waits until the input matches; gives the match and keeps what stands before and after it."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.seen, re.DOTALL)):
            if time.monotonic() > end:
                raise SystemExit(f"no {pattern!r} in {self.seen!r}")
            self.seen += self.line.read()
        self.seen = self.seen[: found.start()] + self.seen[found.end() :]
        return found

    def result(self, text, seconds):
        """Waits for the result; gives it, and the information before it."""
        end = time.monotonic() + seconds
        while not (found := FINAL.search(self.seen)):
            if time.monotonic() > end:
                raise SystemExit(f"{text}: no result in {self.seen!r}")
            self.seen += self.line.read()
        information, self.seen = self.seen[: found.start()], self.seen[found.end() :]
        return found[1].decode(), information.strip().decode("latin-1")

    def send(self, text):
        time.sleep(0.02)  # the pause after a result or a URC
        self.seen += self.line.read()
        self.line.write(text.encode() + b"\r")

    def try_command(self, text, seconds=10):
        """Sends a line; gives its result. URCs that have come before stay."""
        self.send(text)
        before, self.seen = self.seen, b""
        answer = self.result(text, seconds)
        self.seen = before + self.seen
        return answer

    def command(self, text, seconds=10):
        """Sends a line that must end in OK; gives the information before it."""
        result, information = self.try_command(text, seconds)
        if result != "OK":
            raise SystemExit(f"{text}: {result}")
        return information

    def data(self, text, prompt, payload):
        """Sends a line, waits for its prompt and then 50 ms, sends the data; gives the information."""
        self.send(text)
        self.wait(prompt, 5)
        time.sleep(0.05)
        self.line.write(payload)
        result, information = self.result(text, 20)
        if result != "OK":
            raise SystemExit(f"{text}: {result}")
        return information

    def read(self, text, head):
        """Reads from a socket or a file, by the length that the answer tells and not by its end."""
        self.send(text)
        before, self.seen = self.seen, b""
        found = self.wait(head, 5)
        length = int(found[1])
        while len(self.seen) < length + len(b'"\r\n\r\nOK\r\n'):
            self.seen += self.line.read()
        data, self.seen = self.seen[:length], self.seen[length:]
        self.wait(rb'^"\r\n\r\nOK\r\n', 5)
        self.seen = before + self.seen
        return data


def check(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"{what}: {got!r} instead of {wanted!r}")


def begin(modem):
    for _ in range(20):
        modem.line.write(b"AT\r")
        time.sleep(0.2)
        modem.seen += modem.line.read()
        if b"\r\nOK\r\n" in modem.seen:
            break
    modem.wait(rb".*\r\nOK\r\n", 5)
    modem.line.write(b"ATE0\r")
    modem.wait(rb"ATE0\r\r\nOK\r\n", 5)  # the last echo
    modem.command("AT+CMEE=1")
    check("model", modem.command("AT+CGMM"), "SARA-U201")
    check("identity", modem.command("AT+CGSN").isdigit(), True)
    check("card", modem.command("AT+CPIN?"), "+CPIN: READY")
    modem.command("AT+CTZU=1")


def attach(modem):
    # The network tells the time when it lets the modem in, which may have been before AT+CTZU=1.
    modem.command("AT+COPS=2", 180)
    modem.command("AT+COPS=0", 180)
    for _ in range(60):
        status = modem.command("AT+CREG?").split(",")[1]
        if status in ("1", "5"):
            break
        time.sleep(0.2)
    check("registration", status in ("1", "5"), True)
    for _ in range(60):
        year = int(modem.command("AT+CCLK?")[8:10])
        if 26 <= year < 80:
            break
        time.sleep(0.2)
    check("clock", 26 <= year < 80, True)
    modem.command("AT+CGATT=1", 180)
    modem.command('AT+UPSD=0,1,"internet"')
    if modem.command("AT+UPSND=0,8").endswith(",0"):
        modem.command("AT+UPSDA=0,3", 180)
    check("context", modem.command("AT+UPSND=0,8"), "+UPSND: 0,8,1")
    check("name", modem.command('AT+UDNSRN=0,"localhost"', 70), '+UDNSRN: "127.0.0.1"')
    check("no name", modem.try_command('AT+UDNSRN=0,"nowhere.example"', 70)[0], "ERROR")


def stream(modem):
    """A TCP connection, binary and hexadecimal."""
    number = int(modem.command("AT+USOCR=6").removeprefix("+USOCR: "))
    modem.command(f'AT+USOCO={number},"127.0.0.1",{serve(echo)}', 120)
    payload = bytes(range(256)) + b'\r\nOK\r\n"\r\n+UUSOCL: 0\r\n@>'
    answer = modem.data(f"AT+USOWR={number},{len(payload)}", rb"\r\n@", payload)
    check("write", answer, f"+USOWR: {number},{len(payload)}")
    received = b""
    while len(received) < len(payload):
        modem.wait(rb"\r\n\+UUSORD: %d,\d+\r\n" % number, 10)
        received += modem.read(f"AT+USORD={number},1024", rb"\r\n\+USORD: \d,(\d+),\"")
    check("binary echo", received, payload)
    modem.command("AT+UDCONF=1,1")
    modem.command(f'AT+USOWR={number},5,"{b"hello".hex().upper()}"')
    modem.wait(rb"\r\n\+UUSORD: %d,5\r\n" % number, 10)
    answer = modem.command(f"AT+USORD={number},512")
    check("hexadecimal echo", answer, f'+USORD: {number},5,"68656C6C6F"')
    modem.command(f"AT+USOCL={number}")
    check("closed", modem.try_command(f"AT+USORD={number},512")[0], "+CME ERROR: 3")
    modem.command("AT+UDCONF=1,0")


def datagrams(modem):
    number = int(modem.command("AT+USOCR=17").removeprefix("+USOCR: "))
    port = datagram_echo()
    answer = modem.data(f'AT+USOST={number},"127.0.0.1",{port},5', rb"\r\n@", b"hello")
    check("datagram", answer, f"+USOST: {number},5")
    modem.wait(rb"\r\n\+UUSORF: %d,5\r\n" % number, 10)
    head = rb'\r\n\+USORF: \d,"127\.0\.0\.1",%d,(\d+),"' % port
    check("datagram echo", modem.read(f"AT+USORF={number},1024", head), b"olleh")
    modem.command(f"AT+USOCL={number}")


def tls(modem, directory):
    """Chain, name and dates; a server with another name is refused."""
    with open(f"{directory}/root.der", "rb") as file:
        root = file.read()
    answer = modem.data(f'AT+USECMNG=0,0,"root",{len(root)}', rb"\r\n>", root)
    check("root", answer.startswith('+USECMNG: 0,0,"root","'), True)
    check("sum", modem.command('AT+USECMNG=4,0,"root"').split(",")[3], answer.split(",")[3])
    modem.command("AT+USECPRF=0")
    for setting in ("0,3", "1,3", '3,"root"', '4,"localhost"'):
        modem.command(f"AT+USECPRF=0,{setting}")
    for certificate, wanted in (("good", "OK"), ("bad", "ERROR")):
        number = int(modem.command("AT+USOCR=6").removeprefix("+USOCR: "))
        modem.command(f"AT+USOSEC={number},1,0")
        port = tls_echo(f"{directory}/{certificate}.pem")
        result, _ = modem.try_command(f'AT+USOCO={number},"localhost",{port}', 120)
        check(f"{certificate} certificate", result, wanted)
        if result == "OK":
            modem.data(f"AT+USOWR={number},6", rb"\r\n@", b"secret")
            modem.wait(rb"\r\n\+UUSORD: %d,6\r\n" % number, 10)
            data = modem.read(f"AT+USORD={number},1024", rb"\r\n\+USORD: \d,(\d+),\"")
            check("TLS echo", data, b"secret")
            modem.command(f"AT+USOCL={number}")
        else:
            check("cause", modem.command("AT+USOER") != "+USOER: 0", True)
            modem.wait(rb"\r\n\+UUSOCL: %d\r\n" % number, 10)


def messages(modem):
    modem.command("AT+CMGF=1;+CNMI=2,1")
    answer = modem.data('AT+CMGS="+491701234567"', rb"\r\n> ", b"good day\x1a")
    check("message", answer.startswith("+CMGS: "), True)
    check("signal", modem.command("AT+CSQ").startswith("+CSQ: "), True)
    index = int(modem.wait(rb'\r\n\+CMTI: "SM",(\d+)\r\n', 10)[1])
    lines = modem.command(f"AT+CMGR={index}").split("\r\n")
    check("sender", lines[0].split(",")[1], '"+4930123"')
    check("text", lines[1:], ["hello OK"])
    modem.command(f"AT+CMGD={index}")


def files(modem):
    content = b'a "quoted"\r\nOK\r\n'
    modem.data(f'AT+UDWNFILE="note",{len(content)}', rb"\r\n>", content)
    check("file", modem.read('AT+URDFILE="note"', rb'\r\n\+URDFILE: "note",(\d+),"'), content)
    modem.command('AT+UDELFILE="note"')


def main():
    modem = Modem(sys.argv[1])
    begin(modem)
    attach(modem)
    stream(modem)
    datagrams(modem)
    tls(modem, sys.argv[2])
    messages(modem)
    files(modem)
    check("nothing is left", modem.seen, b"")
    print("done")


main()
