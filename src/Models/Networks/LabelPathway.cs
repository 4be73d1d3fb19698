namespace NoProp.Models.Networks;

/// <summary>How a block reads z.</summary>
public enum LabelPathway
{
    /// <summary>As a vector, by fully connected layers.</summary>
    Vector,

    /// <summary>As an image of the size of the input, by convolutions: for prototype embeddings.</summary>
    Image,
}
