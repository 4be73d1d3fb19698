using NoProp.Models.Checkpoints;

namespace NoProp.Actors.Protocol;

// Trainer and recorder.

/// <summary>Trainer to recorder: put this on disk. Answered with <see cref="CheckpointSaved"/> or <see cref="RecordingFailed"/>.</summary>
public sealed record SaveCheckpoint(Checkpoint Checkpoint);

/// <summary>Recorder to trainer: the run folder cannot be written.</summary>
public sealed record RecordingFailed(string Reason);

/// <summary>To the trainer: stop where you are, so that the run can be resumed.</summary>
public sealed record StopRun;

/// <summary>Recorder to trainer: all of the run is on disk, its end included.</summary>
public sealed record RunRecorded;
