using AgentFunctions.EndToEnd.Api;
using AgentFunctions.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>The commands that speak to a server.</summary>
[CancelAfter(300_000)]
internal sealed class ServerCommandTests
{
    [Test]
    public async Task Commands_AgainstAServer_ListWatchShowAndCancel()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
            request.Index == 0
                ? ChatReply.Say("A \u001b[31mred\u001b[0m answer.")
                : ChatReply.Say("never said") with
                {
                    Before = async cancellationToken =>
                    {
                        reached.TrySetResult();
                        await Task.Delay(Timeout.Infinite, cancellationToken);
                    },
                });
        const string key = "0123456789abcdef-key";
        await using ApiHost host = await ApiHost.StartAsync(model, options => options.Key = key);
        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        string server = host.Http.BaseAddress!.ToString();

        string done = await host.Http.SubmitGoalAsync("first");
        (int exitCode, string output, string errors) = await Run("watch", done);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("run.").Or.Contain("completed").And.Contain("A [31mred[0m answer."));
        Assert.That(output, Does.Not.Contain("\u001b"), "a model must not steer the terminal");

        string held = await host.Http.SubmitGoalAsync("second");
        await reached.Task.WaitAsync(TestContext.CurrentContext.CancellationToken);
        (exitCode, output, _) = await Run("runs");
        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain(done).And.Contain(held).And.Contain("running"));

        (exitCode, output, _) = await Run("cancel", held, "--reason", "enough");
        Assert.That(exitCode, Is.Zero, output);
        (exitCode, _, _) = await Run("watch", held);
        Assert.That(exitCode, Is.EqualTo(3));
        (exitCode, output, _) = await Run("show", held);
        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain("cancelled"));

        (exitCode, _, errors) = await Run("show", "unknown");
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.StartWith("error: There is no run 'unknown'.").And.Contain("runNotFound"));
        (exitCode, _, errors) = await ProgramProcess.RunAsync(null, Path.GetTempPath(), "runs", "--server", server);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("unauthorized"));

        Task<(int ExitCode, string Output, string Errors)> Run(params string[] arguments) =>
            ProgramProcess.RunAsync(null, Path.GetTempPath(), [.. arguments, "--server", server, "--api-key", key]);
    }

    [TestCase("--json", "/events")]
    [TestCase("--tree", "/tree")]
    public async Task Watch_TheServerIsPutAnewMeanwhile_TheExitCodeIsTheRuns(string form, string path)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            _ => ChatReply.Say("It is done.") with { Before = token => gate.Task.WaitAsync(token) });
        int followed = 0, read = 0;
        await using ApiHost host = await ApiHost.StartAsync(model, map: app => app.Use(async (context, next) =>
        {
            string asked = context.Request.Path.Value!;
            int number = asked.EndsWith(path, StringComparison.Ordinal) ? Interlocked.Increment(ref followed)
                : context.Request.Method == "GET" ? 10 + Interlocked.Increment(ref read) : 0;
            // The first question is answered: the server is known to be there.
            switch (number)
            {
                case 1:
                    context.Response.StatusCode = 502;
                    return;
                case 2:
                    context.Abort();
                    return;
                case 3:
                    gate.SetResult();
                    break;
                case 12:
                    context.Response.StatusCode = 429;
                    return;
            }

            await next(context);
        }));
        string run = await host.Http.SubmitGoalAsync("Do it.");

        (int exitCode, _, string errors) = await ProgramProcess.RunAsync(
            null, Path.GetTempPath(), "watch", run, form, "--server", host.Http.BaseAddress!.ToString());

        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(errors, Does.Contain("502").And.Contain("cannot reach").And.Contain("429").And.Contain("It is asked again."));
    }

    [Test]
    public async Task Run_WhileAServerHasTheDataFolder_IsRefusedInOneLine()
    {
        using var folder = new TemporaryFolder();
        await using ProgramProcess server = ProgramProcess.Start(model: null, folder.Path, "serve", "--urls",
            "http://127.0.0.1:0", "--data", "data");
        await server.LineAsync(line => line.StartsWith("Listening on ", StringComparison.Ordinal));
        (int exitCode, _, string errors) = await ProgramProcess.RunAsync(null, folder.Path, "run", "x", "--data", "data");
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Has.Length.EqualTo(1).And.All.StartsWith("error: "));
    }

    [Test]
    public async Task Approvals_ArgumentsWithCharactersThatAreNotSeen_AreShownWithEscapes()
    {
        using var folder = new TemporaryFolder();
        string policy = Path.Combine(folder.Path, "policy.yaml");
        await File.WriteAllTextAsync(policy, "rules: [{name: writes, when: {tool: write_file}, then: ask}]");
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            static _ => ChatReply.Call("write_file", new { path = "a\u202etxt\u200b.exe\U000E0072\u3164", content = "x" }));
        await using ApiHost host = await ApiHost.StartAsync(model,
            build: builder => builder.Configuration["Governance:PolicyPath"] = policy);
        await host.Http.SubmitGoalAsync("x");

        string output = "";
        while (!output.Contains("write_file", StringComparison.Ordinal))
        {
            TestContext.CurrentContext.CancellationToken.ThrowIfCancellationRequested();
            (_, output, _) = await ProgramProcess.RunAsync(null, Path.GetTempPath(), "approvals", "--server",
                host.Http.BaseAddress!.ToString());
        }

        Assert.That(output.ToLowerInvariant(), Does.Contain(@"a\u202etxt\u200b.exe\udb40\udc72\u3164"));
    }
}
