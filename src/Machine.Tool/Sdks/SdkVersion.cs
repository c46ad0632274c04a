using System.Globalization;

namespace Machine.Tool.Sdks;

/// <summary>A version of the .NET SDK, ordered as semantic versions are; its feature band is the patch's hundreds.</summary>
internal sealed record SdkVersion(int Major, int Minor, int Patch, string Prerelease)
{
    public int Band => Patch / 100;

    public bool IsPrerelease => Prerelease.Length > 0;

    /// <summary>Three numbers without leading zeros, then optionally <c>-prerelease</c>; anything else is null.</summary>
    public static SdkVersion? TryParse(string? text)
    {
        var parts = (text ?? "").Split('+', 2)[0].Split('-', 2);
        var numbers = parts[0].Split('.');
        if (numbers.Length != 3 || (parts.Length == 2 && parts[1].Split('.').Any(part => !IsIdentifier(part))))
        {
            return null;
        }

        return Number(numbers[0]) is { } major && Number(numbers[1]) is { } minor && Number(numbers[2]) is { } patch
            ? new SdkVersion(major, minor, patch, parts.Length == 2 ? parts[1] : "")
            : null;
    }

    public static int Compare(SdkVersion a, SdkVersion b)
    {
        var order = (a.Major, a.Minor, a.Patch).CompareTo((b.Major, b.Minor, b.Patch));
        return order != 0 ? order
            : a.IsPrerelease != b.IsPrerelease ? (a.IsPrerelease ? -1 : 1)
            : ComparePrerelease(a.Prerelease.Split('.'), b.Prerelease.Split('.'));
    }

    public override string ToString() => $"{Major}.{Minor}.{Patch}{(IsPrerelease ? "-" + Prerelease : "")}";

    private static int ComparePrerelease(string[] a, string[] b)
    {
        foreach (var (left, right) in a.Zip(b))
        {
            var order = (Number(left), Number(right)) switch
            {
                ({ } x, { } y) => x.CompareTo(y),
                ({ }, null) => -1,
                (null, { }) => 1,
                _ => string.CompareOrdinal(left, right),
            };
            if (order != 0)
            {
                return order;
            }
        }

        return a.Length.CompareTo(b.Length);
    }

    private static int? Number(string text) =>
        text.Length > 0 && (text.Length == 1 || text[0] != '0')
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static bool IsIdentifier(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
