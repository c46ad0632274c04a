using Machine.Tool.Images.Store;

namespace Machine.Tool.Operations;

/// <summary>An image or a warm template, by its whole name.</summary>
internal sealed record KeptImage(string Name, long SizeBytes)
{
    public static KeptImage Of(Image image) => new(image.Hash, image.SizeBytes);

    public string ShortName => Name[..Math.Min(12, Name.Length)];
}
