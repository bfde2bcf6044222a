"""Encoding a synthetic film with frame and slice threads: ffmpeg's own encoders and filters, and x264 by itself."""

from tests.heavy.harness import Program, digest

FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]


def write_film(place):
    place.client([*FFMPEG, "-f", "lavfi", "-i", "testsrc2=size=480x270:rate=25:duration=10", "-pix_fmt", "yuv420p",
                  place.path("film.y4m")])


def drive_ffmpeg(run):
    film = f"{run.shared}/film.y4m"
    run.execute([*FFMPEG, "-threads", "3", "-filter_threads", "3", "-i", film, "-f", "lavfi", "-i", "sine=duration=10",
                 "-vf", "scale=640:360,unsharp,boxblur=2", "-c:v", "mpeg4", "-q:v", "4", "-threads", "4", "-c:a", "aac", "-bitexact",
                 run.path("film.mp4")])
    run.execute([*FFMPEG, "-threads", "4", "-i", run.path("film.mp4"), "-threads", "4", "-c:v", "libx264", "-preset", "veryfast",
                 "-bitexact", run.path("film.mkv")])
    frames = run.execute([*FFMPEG, "-threads", "4", "-i", run.path("film.mkv"), "-f", "framemd5", "-"])
    return digest(run.path("film.mp4")), digest(run.path("film.mkv")), frames.decode()[-2000:]


def drive_x264(run):
    run.execute(["x264", "--quiet", "--no-progress", "--threads", "4", "--lookahead-threads", "2", "--preset", "fast", "--crf", "25",
                 "-o", run.path("film.264"), f"{run.shared}/film.y4m"])
    run.execute(["x264", "--quiet", "--no-progress", "--sliced-threads", "--threads", "4", "--preset", "veryfast", "--bitrate", "300",
                 "-o", run.path("sliced.264"), f"{run.shared}/film.y4m"])
    return digest(run.path("film.264")), digest(run.path("sliced.264"))


PROGRAMS = [
    Program("ffmpeg", drive_ffmpeg, ["ffmpeg", "-version"], write_film),
    Program("x264", drive_x264, ["x264", "--version"], write_film),
]
