namespace NoProp.Models.Embeddings;

/// <summary>How the classifier's logits become p_out(y | z_T).</summary>
public enum ClassProbabilityKind
{
    /// <summary>softmax over the logits, (14).</summary>
    Softmax,

    /// <summary>By the distance of the softmax-weighted embedding to each u_y, (15) and (16).</summary>
    Radial,
}
