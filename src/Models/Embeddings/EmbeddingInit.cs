namespace NoProp.Models.Embeddings;

/// <summary>How a trained W begins. The paper's Figure 7 compares them; each goes with each trained kind.</summary>
public enum EmbeddingInit
{
    /// <summary>Orthonormal rows where d is at least m, otherwise as <see cref="Random"/>.</summary>
    Orthogonal,

    /// <summary>Independent standard normal numbers.</summary>
    Random,

    /// <summary>One training image of each class (<see cref="Prototypes"/>); d must be the number of pixels.</summary>
    Prototype,
}
