namespace Machine.Tool.Sdks;

internal enum RollForward
{
    Disable,
    Patch,
    Feature,
    Minor,
    Major,
    LatestPatch,
    LatestFeature,
    LatestMinor,
    LatestMajor,
}

/// <summary>Which of the installed SDKs is used: the rule of the dotnet host (hostfxr's sdk_resolver.cpp), so that inside is what outside would be.</summary>
/// <param name="Requested">Null: whatever is newest.</param>
internal sealed record SdkPolicy(SdkVersion? Requested, RollForward RollForward, bool AllowPrerelease)
{
    public static SdkPolicy Latest { get; } = new(null, RollForward.LatestMajor, AllowPrerelease: true);

    public static SdkPolicy Exactly(SdkVersion version) => new(version, RollForward.Disable, AllowPrerelease: true);

    public SdkVersion? Choose(IEnumerable<SdkVersion> installed)
    {
        var all = installed.ToList();
        if (RollForward is RollForward.Disable or RollForward.Patch && Requested is not null && all.Contains(Requested))
        {
            return Requested;
        }

        SdkVersion? best = null;
        foreach (var version in all.Where(Matches))
        {
            best = best is null || IsBetter(version, best) ? version : best;
        }

        return best;
    }

    public override string ToString() => Requested is null ? "the newest" : $"{Requested} (rollForward {char.ToLowerInvariant($"{RollForward}"[0])}{$"{RollForward}"[1..]})";

    private bool Matches(SdkVersion version)
    {
        if (RollForward == RollForward.Disable || (version.IsPrerelease && !AllowPrerelease && Requested?.IsPrerelease != true))
        {
            return false;
        }

        if (Requested is null)
        {
            return true;
        }

        var sameMajor = version.Major == Requested.Major;
        var sameMinor = sameMajor && version.Minor == Requested.Minor;
        return SdkVersion.Compare(version, Requested) >= 0 && RollForward switch
        {
            RollForward.Patch or RollForward.LatestPatch => sameMinor && version.Band == Requested.Band,
            RollForward.Feature or RollForward.LatestFeature => sameMinor,
            RollForward.Minor or RollForward.LatestMinor => sameMajor,
            _ => true,
        };
    }

    // The nearest band that will do, and in it the newest patch; with a latest… policy the newest of all.
    private bool IsBetter(SdkVersion version, SdkVersion best)
    {
        var latest = Requested is null
            || RollForward is RollForward.LatestPatch or RollForward.LatestFeature or RollForward.LatestMinor or RollForward.LatestMajor
            || (version.Major, version.Minor, version.Band) == (best.Major, best.Minor, best.Band);
        var order = SdkVersion.Compare(version, best);
        return latest ? order > 0 : order < 0;
    }
}
