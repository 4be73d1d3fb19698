namespace NoProp.Models.Data;

/// <summary>Random changes of the training images that leave their classes as they are.</summary>
[Flags]
public enum Augmentation
{
    /// <summary>None: every epoch shows the same images.</summary>
    None = 0,

    /// <summary>Mirrors every other image, left to right.</summary>
    Flip = 1,

    /// <summary>Cuts an image of the same size from one with a black margin of 4 pixels all around: a shift by at most 4 each way.</summary>
    Crop = 2,
}
