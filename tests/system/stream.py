"""An unmodified vde_plug whose stdin and stdout the test holds."""

from frame import from_stream, to_stream
from wait import wait_until


class StreamPlug:
    """Frames in and out in vde_plug's stream form."""

    def __init__(self, process):
        self.process = process

    def send(self, *frames):
        self.process.write(to_stream(*frames))

    def received(self):
        return from_stream(self.process.output())

    def await_frames(self, count):
        """At least so many frames, all that are there."""
        return wait_until(lambda: self._at_least(count),
                          lambda: f"{count} frames, there are {len(self.received())}"
                                  f" in {self.process}")

    def _at_least(self, count):
        frames = self.received()
        return frames if len(frames) >= count else None

    def await_frame(self, wanted):
        """Until the frame is there; what came before it."""

        def before():
            frames = self.received()
            return (frames[:frames.index(wanted)],) if wanted in frames else None

        return wait_until(before, lambda: f"{wanted.hex()} among"
                                          f" {[each.hex() for each in self.received()]}")[0]

    def unplug(self):
        self.process.close_stdin()
        return self.process.wait()
