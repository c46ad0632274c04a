using Machine.Tool.Machinefiles.Sources;
using NuGet.Configuration;

namespace Machine.Tool.Tests.Machinefiles.Sources;

/// <summary>Beside NuGet itself: what its rules make of several files is what ours make of them.</summary>
public sealed class SourceSetTests
{
    // NuGet takes the higher protocolVersion of two names that differ in letter case only; ours takes the nearer.
    private static readonly string[] Names = ["one", "two", "three", "four"];

    [Fact]
    public void Files_together_say_what_NuGet_makes_of_them()
    {
        for (var seed = 0; seed < 120; seed++)
        {
            using var folder = new TestFolder();
            var random = new Random(seed);
            var paths = Enumerable.Range(0, 3).Select(i => Write(folder.Folder($"f{i}"), random)).ToList();
            var settings = Settings.LoadSettingsGivenConfigPaths(paths);
            var provider = new PackageSourceProvider(settings);

            var ours = SourceSet.Of(paths.Select(path => ConfigFile.Read(path, isUsers: false)));

            var context = $"seed {seed}\n{string.Join('\n', paths.Select(File.ReadAllText))}";
            ours.Sources.Select(Text).ShouldBe(provider.LoadPackageSources().Where(source => source.IsEnabled).Select(Text), context);
            ours.AuditSources.Select(Text).ShouldBe(provider.LoadAuditSources().Where(source => source.IsEnabled).Select(Text), context);
            var mapping = PackageSourceMapping.GetPackageSourceMapping(settings);
            var ourMapping = new PackageSourceMapping(ours.Mapping.ToDictionary(map => map.Source, map => map.Patterns));
            ourMapping.IsEnabled.ShouldBe(mapping.IsEnabled, context);
            foreach (var id in new[] { "A.B", "A.C", "B" })
            {
                ourMapping.GetConfiguredPackageSources(id).Order().ShouldBe(mapping.GetConfiguredPackageSources(id).Order(), context);
            }
        }
    }

    [Fact]
    public void The_users_files_are_those_that_NuGet_finds()
    {
        // NuGet reads the variables once a process, so the two are compared as this process began.
        UserConfig.Files().Order().ShouldBe(Settings.LoadDefaultSettings(root: null).GetConfigFilePaths().Order());

        using var home = new TestFolder();
        (string Variable, string Value)[] variables = [("DOTNET_CLI_HOME", home.Folder("user")), ("NUGET_COMMON_APPLICATION_DATA", home.Folder("host"))];
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there the user's folder is no variable of NuGet's");
        foreach (var file in new[] { "user/.nuget/NuGet/NuGet.Config", "user/.nuget/NuGet/config/more.config", "user/.nuget/NuGet/config/other.Config", "user/.nuget/NuGet/config/no.txt", "host/NuGet/Config/site.config", "user/nuget.config" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(home[file])!);
            File.WriteAllText(home[file], "<configuration />");
        }

        try
        {
            Array.ForEach(variables, variable => Environment.SetEnvironmentVariable(variable.Variable, variable.Value));
            UserConfig.Files().Order().ShouldBe(
                new[] { "user/.nuget/NuGet/NuGet.Config", "user/.nuget/NuGet/config/more.config", "user/.nuget/NuGet/config/other.Config", "host/NuGet/Config/site.config" }.Select(file => home[file]).Order());
        }
        finally
        {
            Array.ForEach(variables, variable => Environment.SetEnvironmentVariable(variable.Variable, null));
        }
    }

    private static string Text(NamedSource source) => $"{source.Name} {source.Address} {source.ProtocolVersion} {source.AllowsPlainHttp} {source.SkipsCertificateChecks}";

    private static string Text(PackageSource source) => Text(new NamedSource(source.Name, source.Source, new ConfigFile("/x", "", new ConfigNode("", new Dictionary<string, string>(), [], ""), IsUsers: false))
    {
        ProtocolVersion = source.ProtocolVersion,
        AllowsPlainHttp = source.AllowInsecureConnections,
        SkipsCertificateChecks = source.DisableTLSCertificateValidation,
    });

    private static string Write(string folder, Random random)
    {
        var path = Path.Combine(folder, "nuget.config");
        File.WriteAllText(path, $"""
            <configuration>
              {Section("packageSources", 4, name => $"<add key=\"{name}\" value=\"{Address()}\" {Flags()}/>")}
              {Section("auditSources", 2, name => $"<add key=\"{name}\" value=\"{Address()}\"/>")}
              {Section("disabledPackageSources", 2, name => $"<add key=\"{name}\" value=\"{(random.Next(3) == 0 ? "false" : "true")}\"/>")}
              {Section("packageSourceMapping", 2, name => $"<packageSource key=\"{name}\"><package pattern=\"{Pattern()}\"/></packageSource>")}
            </configuration>
            """);
        return path;

        string Section(string name, int most, Func<string, string> item)
        {
            if (random.Next(3) == 0)
            {
                return "";
            }

            var names = Names.OrderBy(_ => random.Next()).Select(one => name == "disabledPackageSources" && one == "one" && random.Next(2) == 0 ? "One" : one).Take(random.Next(most + 1));
            return $"<{name}>{(random.Next(4) == 0 ? "<clear/>" : "")}{string.Concat(names.Select(item))}</{name}>";
        }

        string Address() => random.Next(4) switch
        {
            0 => $"https://h{random.Next(3)}.example/v3/index.json",
            1 => $"http://h{random.Next(3)}.example/x",
            2 => $"folder{random.Next(2)}",
            _ => "/abs/folder",
        };

        string Flags() => random.Next(3) switch
        {
            0 => "protocolVersion=\"3\"",
            1 => "allowInsecureConnections=\"true\" disableTLSCertificateValidation=\"true\"",
            _ => "",
        };

        string Pattern() => random.Next(3) switch
        {
            0 => "*",
            1 => "A.*",
            _ => "A.B",
        };
    }
}
