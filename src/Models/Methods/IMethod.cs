using NoProp.Models.Checkpoints;

namespace NoProp.Models.Methods;

/// <summary>A training method: what its blocks and its head compute. Who computes what, when and where is not its business.</summary>
public interface IMethod
{
    /// <summary>Number of blocks T.</summary>
    int Blocks { get; }

    /// <summary>Size d of the label embedding.</summary>
    int EmbeddingSize { get; }

    /// <summary>Number of classes m.</summary>
    int Classes { get; }

    /// <summary>A block to train, from a snapshot, or with initial weights where there is none.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    IBlockCompute CreateBlock(BlockId block, Snapshot? from);

    /// <summary>The head to train, from a snapshot, or with initial weights where there is none.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    IHeadCompute CreateHead(Snapshot? from);

    /// <summary>One step of inference through a block.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    IDenoiserCompute CreateDenoiser(BlockId block, Snapshot from);

    /// <summary>The classifier that reads the chain's output.</summary>
    /// <exception cref="NoPropException">The snapshot is damaged or of another network.</exception>
    IClassifierCompute CreateClassifier(Snapshot from);
}
