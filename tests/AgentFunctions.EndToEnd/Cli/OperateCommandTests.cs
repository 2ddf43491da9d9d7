using AgentFunctions.EndToEnd.Api;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>The commands that give runs to a server, steer them, and look at all that it has.</summary>
[CancelAfter(300_000)]
internal sealed class OperateCommandTests
{
    private const string Key = "0123456789abcdef-key";

    [Test]
    public async Task Commands_ForARunFromItsSubmissionToItsFork_DoWhatTheApiDoes()
    {
        await using OpenAIProtocolServer model =
            await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("A \u001b[31mred\u001b[0m answer."));
        await using ApiHost host = await ApiHost.StartAsync(model, static options => options.Key = Key);

        Assert.That(await OutputOf(host, "runs"), Is.EqualTo("no runs\n"));
        string submitted = await OutputOf(host, "submit", "Reach it.", "--label", "env=prod", "--key", "one", "--steps", "7");
        string id = submitted.Split(' ')[1];
        Assert.That(await OutputOf(host, "submit", "Reach it.", "--label", "env=prod", "--key", "one", "--steps", "7"),
            Does.StartWith($"run {id} is "));
        Assert.That(await OutputOf(host, "watch", id), Does.Contain("A [31mred[0m answer."));
        Assert.That(await OutputOf(host, "runs", "--label", "env=prod"), Does.Contain(id));
        Assert.That(await OutputOf(host, "runs", "--label", "env=test"), Is.EqualTo("no runs\n"));
        Assert.That(await OutputOf(host, "transcript", id),
            Does.Contain("Reach it.").And.Contain("model").And.Not.Contain("\u001b"));
        Assert.That(await OutputOf(host, "artifacts", id), Is.EqualTo("no artifacts\n"));
        Assert.That(await OutputOf(host, "say", id, "Once more."), Does.StartWith($"run {id} is "));
        Assert.That(await OutputOf(host, "grant", id, "--steps", "5"), Does.StartWith($"run {id} is "));
        Assert.That(await OutputOf(host, "fork", id, "--turn", "0"), Does.StartWith("run ").And.Not.Contain(id));
        Assert.That(await OutputOf(host, "watch", id), Does.Contain("completed"));

        (int exitCode, _, string errors) = await RunAsync(host, "pause", id);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("runStateForbids"));
        (exitCode, _, errors) = await RunAsync(host, "grant", id);
        Assert.That((exitCode, errors),
            Is.EqualTo((2, "error: grant: say how much comes on top: --steps, --tokens, --usd, --time or --sub-agents.\n")));
    }

    [Test]
    public async Task Commands_ForAgentsKeysPolicyAndAudit_DoWhatTheApiDoes()
    {
        using var folder = new TemporaryFolder();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("Done."));
        await using ApiHost host = await ApiHost.StartAsync(model, static options => options.Key = Key);

        Assert.That(await OutputOf(host, "agents"), Does.Contain("lead (openai)"));
        Assert.That(await OutputOf(host, "policy", "show"), Does.StartWith("no rules of its own\n"));
        Assert.That(await OutputOf(host, "policy", "test", "--agent", "lead", "--tool", "write_file"),
            Does.StartWith("allow: rule 'default:"));
        string key = await OutputOf(host, "keys", "add", "ada", "--role", "admin");
        Assert.That(await OutputOf(host, "keys", "list"), Does.Contain("ada").And.Contain("admin").And.Not.Contain(key.Trim()));
        Assert.That((await RunWithAsync(host, key.Trim(), "agents")).ExitCode, Is.Zero);
        Assert.That(await OutputOf(host, "keys", "remove", "ada"), Is.EqualTo("the key of ada is withdrawn\n"));
        Assert.That((await RunWithAsync(host, key.Trim(), "agents")).ExitCode, Is.EqualTo(1), "it is withdrawn at once");
        Assert.That((await RunAsync(host, "keys", "add", "ada", "--role", "admin")).Errors, Does.Contain("--renew"));
        Assert.That(await OutputOf(host, "keys", "add", "ada", "--role", "admin", "--renew"), Does.StartWith("afk_"));

        // From a server at work, checked with the keys alone.
        string log = Path.Combine(folder.Path, "audit.ndjson");
        string keys = folder.Write("keys.json", await OutputOf(host, "audit", "keys"));
        string exported = await OutputOf(host, "audit", "export", "--output", log);
        Assert.That(exported, Does.Contain("entries written"));
        (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(null, folder.Path, "audit", "verify", log,
            "--keys", keys);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.StartWith($"holds: {exported.Split(' ')[0]} entries, "));
    }

    [Test]
    public async Task Listings_WithoutTheWordList_List()
    {
        await using ApiHost host = await ApiHost.StartAsync(configure: static options => options.Key = Key);
        foreach ((string command, string empty) in new[] { ("reviews", "nothing to review\n"), ("monitors", "no monitors\n"),
            ("keys", "no keys\n") })
        {
            Assert.That(await OutputOf(host, command), Is.EqualTo(empty));
            Assert.That(await OutputOf(host, command, "list"), Is.EqualTo(empty));
        }
    }

    [Test]
    public async Task PolicyCheckAndCompletion_NeedNoServer()
    {
        using var folder = new TemporaryFolder();
        string broken = folder.Write("broken.yaml", "rules:\n  - { name: a, when: { tool: x }, then: maybe }\n");
        string valid = folder.Write("valid.yaml", "rules:\n  - { name: a, when: { tool: x }, then: ask }\n");

        (int exitCode, _, string errors) = await ProgramProcess.RunAsync(null, folder.Path, "policy", "check", broken);
        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(errors, Does.Contain("broken.yaml:2: rules[0]: then: 'maybe' is not known"));
        (exitCode, string output, errors) = await ProgramProcess.RunAsync(null, folder.Path, "policy", "check", valid);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.StartWith("1 rule: a\n"));
        (_, output, _) = await ProgramProcess.RunAsync(null, folder.Path, "completion", "bash");
        Assert.That(output, Does.Contain("\" policy test\") path=\"policy test\"").And.Contain("--requester"));
        // What lists without the word list has the options of a listing too.
        Assert.That(output,
            Does.Contain("\"monitors\") words=\"list run-now pause resume history --json --server --api-key --help\""));
    }

    private static async Task<string> OutputOf(ApiHost host, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await RunAsync(host, arguments);
        Assert.That(exitCode, Is.Zero, $"{string.Join(' ', arguments)}: {output}{errors}");
        return output;
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(ApiHost host, params string[] arguments) =>
        RunWithAsync(host, Key, arguments);

    private static Task<(int ExitCode, string Output, string Errors)> RunWithAsync(
        ApiHost host, string key, params string[] arguments) =>
        ProgramProcess.RunAsync(null, Path.GetTempPath(),
            [.. arguments, "--server", host.Http.BaseAddress!.ToString(), "--api-key", key]);
}
