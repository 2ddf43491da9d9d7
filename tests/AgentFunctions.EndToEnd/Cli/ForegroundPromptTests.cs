using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Gateway;
using AgentFunctions.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary><c>run</c> and <c>watch</c> at a real terminal: what the run asks, the person at it is asked.</summary>
[CancelAfter(300_000)]
internal sealed class ForegroundPromptTests
{
    private const string Key = "0123456789abcdef-key";

    [Test]
    public async Task Run_ThatAsks_AsksAtTheTerminalAndTheModelReadsWhatWasTyped()
    {
        Assume.That(File.Exists("/usr/bin/script"), "no program that makes terminals");
        using var folder = new TemporaryFolder();
        folder.Write("agents/asker.md", "---\nname: asker\ntools: [ask_person, write_file]\n---\nAsk.");
        string policy = folder.Write("policy.yaml", "rules: [{name: writes, when: {tool: write_file}, then: ask}]");
        var form = new
        {
            type = "object",
            required = new[] { "days" },
            properties = new { days = new { type = "integer", minimum = 1 } },
        };
        var heard = new ConcurrentDictionary<int, string>();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            heard[request.Turn] = request.Results.Count > 0 ? request.Results[^1] : "";
            return request.Turn switch
            {
                0 => ChatReply.Call("ask_person", new { question = "How many days?", form }),
                1 => ChatReply.Call("write_file", new { path = "yes.txt", content = "yes" }),
                2 => ChatReply.Call("write_file", new { path = "no.txt", content = "no" }),
                3 => ChatReply.Call("ask_person", new { question = "Which colour?" }),
                _ => ChatReply.Say("All asked."),
            };
        });
        string[] arguments =
        [
            "run", "Ask.", "--data", "data", "--workspace", folder.Folder("work"),
            "--agents", Path.Combine(folder.Path, "agents"),
        ];
        var environment = new Dictionary<string, string> { ["Governance__PolicyPath"] = policy };
        await using (ProgramProcess program = ProgramProcess.StartOnTerminal(model, folder.Path, environment, arguments))
        {
            await program.LineAsync(static line => line.Contains("Never type a password here", StringComparison.Ordinal));
            program.Type("0");
            await program.LineAsync(static line => line.Contains("days must be at least 1", StringComparison.Ordinal));
            program.Type("7");
            await program.LineAsync(static line => AsksFor(line, "yes.txt"));
            program.Type("approve");
            await program.LineAsync(static line => AsksFor(line, "no.txt"));
            program.Type("deny not that one");
            await program.LineAsync(static line => line.TrimEnd().EndsWith("  Which colour?", StringComparison.Ordinal));
            program.Type("later");
            await program.LineAsync(static line => line.Contains("It stays open", StringComparison.Ordinal));
            await program.KillAsync();
        }

        Assert.That(heard[1], Does.Contain("{\"days\":7}"));
        Assert.That(heard[2], Does.Contain("Wrote yes.txt"));
        Assert.That(heard[3], Does.Contain("denied it: not that one"));
        Assert.That(File.Exists(Path.Combine(folder.Path, "work", "yes.txt")), Is.True);
        Assert.That(File.Exists(Path.Combine(folder.Path, "work", "no.txt")), Is.False);

        await using (ProgramProcess again = ProgramProcess.StartOnTerminal(model, folder.Path, environment, arguments))
        {
            await again.LineAsync(static line => line.Contains("Never type a password here", StringComparison.Ordinal));
            again.Type("red");
            Assert.That(await again.WaitAsync(), Is.Zero, again.Output);
            Assert.That(again.Output, Does.Contain("resuming").And.Contain("All asked."));
        }

        Assert.That(heard[4], Does.Contain("red"));
    }

    [Test]
    public async Task Watch_OfARunThatWaits_AsksWhoMayDecideAndShowsItToWhoMayNot(CancellationToken cancellationToken)
    {
        Assume.That(File.Exists("/usr/bin/script"), "no program that makes terminals");
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.yaml", "rules: [{name: writes, when: {tool: write_file}, then: ask}]");
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static request => request.Turn == 0
            ? ChatReply.Call("write_file", new { path = "yes.txt", content = "yes" })
            : ChatReply.Say(request.Results[^1]));
        await using ApiHost host = await ApiHost.StartAsync(
            model, static options => options.Key = Key,
            build: builder => builder.Configuration["Governance:PolicyPath"] = policy);
        var keys = host.Services.GetRequiredService<ApiKeys>();
        await keys.AddAsync("root", ["admin"], Caller.Local, cancellationToken);
        string viewer = await keys.AddAsync("vera", ["viewer"], Caller.Local, cancellationToken);
        string approver = await keys.AddAsync("ada", ["viewer", "approver"], Caller.Local, cancellationToken);
        host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using HttpResponseMessage submitted = await host.Http.PostAsJsonAsync("/api/runs", new { goal = "Write." },
            cancellationToken);
        string id = (await submitted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;

        await using (ProgramProcess watch = Watch(viewer))
        {
            await watch.LineAsync(static line => AsksFor(line, "yes.txt"));
            await watch.LineAsync(static line => line.Contains("lets only these roles decide: approver", StringComparison.Ordinal));
            Assert.That(watch.Output, Does.Not.Contain("'approve', 'deny WORDS'"), "who may not decide is not asked");
            await watch.KillAsync();
        }

        await using (ProgramProcess watch = Watch(approver))
        {
            await watch.LineAsync(static line => AsksFor(line, "yes.txt"));
            watch.Type("approve it is fine");
            Assert.That(await watch.WaitAsync(), Is.Zero, watch.Output);
            Assert.That(watch.Output, Does.Contain("Wrote yes.txt").And.Contain("it is fine"));
        }

        ProgramProcess Watch(string key) => ProgramProcess.StartOnTerminal(
            model, folder.Path, new Dictionary<string, string> { ["AGENTFUNCTIONS_API_KEY"] = key },
            "watch", id, "--server", host.Http.BaseAddress!.ToString());
    }

    private static bool AsksFor(string line, string file) =>
        line.Contains(file, StringComparison.Ordinal) && line.Contains("risk", StringComparison.Ordinal);
}
