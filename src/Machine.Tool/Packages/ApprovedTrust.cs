using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Sources;
using NuGet.Configuration;

namespace Machine.Tool.Packages;

/// <summary>
/// What an approved nuget.config says about signatures, as NuGet's verifier takes it: settings over the user's own. Only the two sections
/// are written out anew, and no value with a percent sign, so there is nothing in them that NuGet could expand.
/// </summary>
internal static class ApprovedTrust
{
    private const string Mode = "signatureValidationMode";

    public static ISettings Over(ISettings users, IReadOnlyList<ConfigFile> files, string folder)
    {
        var written = files.Select(Document).Where(document => document is not null).Select(document => Write(document!, folder)).ToList();
        return written.Count == 0 ? users : Settings.LoadSettingsGivenConfigPaths([.. written, .. users.GetConfigFilePaths()]);
    }

    private static string? Document(ConfigFile file)
    {
        var mode = file.Root.Section("config").LastOrDefault(item => Mode.Equals(item["key"], StringComparison.OrdinalIgnoreCase))?["value"];
        var signers = file.Root.Section("trustedSigners").ToList();
        if (mode is null && signers.Count == 0)
        {
            return null;
        }

        return new XElement(
            "configuration",
            mode is null ? null : new XElement("config", new XElement("add", new XAttribute("key", Mode), new XAttribute("value", Plain(mode)))),
            signers.Count == 0 ? null : new XElement("trustedSigners", signers.Select(Element))).ToString();
    }

    private static XElement Element(ConfigNode node) => new(
        node.Name,
        node.Attributes.Where(attribute => attribute.Key != "xmlns").Select(attribute => new XAttribute(attribute.Key, Plain(attribute.Value))),
        node.Children.Select(Element),
        Plain(node.Text));

    private static string Plain(string value) =>
        value.Contains('%', StringComparison.Ordinal)
            ? throw new MachineException("a percent sign in what a project's nuget.config says about signatures; no variable of this host is put in")
            : value;

    private static string Write(string document, string folder)
    {
        MachinePaths.CreatePrivate(folder);
        var path = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document))) + ".config");
        var temporary = path + Guid.NewGuid().ToString("N");
        File.WriteAllText(temporary, document);
        File.Move(temporary, path, overwrite: true);
        return path;
    }
}
