namespace NoProp.Models.Embeddings;

/// <summary>What the rows u_y of W are (paper, section 2.2.1).</summary>
public enum EmbeddingKind
{
    /// <summary>Unit vectors, W = I: fixed, d = m.</summary>
    OneHot,

    /// <summary>Trained, of any size d.</summary>
    Learned,

    /// <summary>Trained, and as long as an image: d is its number of pixels.</summary>
    Prototype,
}
