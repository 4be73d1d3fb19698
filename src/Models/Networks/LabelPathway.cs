namespace NoProp.Models.Networks;

/// <summary>How a network reads the noisy label embedding z.</summary>
public enum LabelPathway
{
    /// <summary>As a vector, through fully connected layers.</summary>
    Vector,

    /// <summary>As an image, through convolutions: for prototypes, whose d is the number of pixels.</summary>
    Image,
}
