using NoProp.Models.Data;

namespace NoProp.Actors.Protocol;

// Blocks and the data loader.

/// <summary>Block to loader: the sender wants the mini-batch of this step, and will release it.</summary>
public sealed record RequestBatch(long Step);

/// <summary>Loader to block: here it is. Shared with other blocks: read it, do not change or dispose of it.</summary>
public sealed record BatchReady(Batch Batch);

/// <summary>Block to loader: the sender is done with it.</summary>
public sealed record ReleaseBatch(long Step);
