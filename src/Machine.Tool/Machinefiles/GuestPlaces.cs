using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Mount points of shares and volumes: none on, in or around another, none in the project.</summary>
internal sealed class GuestPlaces(ProjectRoot project, Problems problems)
{
    private readonly List<YamlScalar> taken = [];

    public void Take(YamlScalar place)
    {
        // The workspace has the host's path in the guest.
        if (Overlap(place.Value, project.Path))
        {
            problems.Add(place, $"{Printable.Quote(place.Value)} overlaps the project, which the guest sees at {Printable.Quote(project.Path)}", "choose a folder of its own, for example /data");
        }
        else if (taken.Find(other => Overlap(place.Value, other.Value)) is { } other)
        {
            problems.Add(place, $"{Printable.Quote(place.Value)} overlaps {Printable.Quote(other.Value)} of line {other.Line}", "mount them side by side");
        }

        taken.Add(place);
    }

    private static bool Overlap(string a, string b) => GuestPaths.Within(a, b) || GuestPaths.Within(b, a);
}
