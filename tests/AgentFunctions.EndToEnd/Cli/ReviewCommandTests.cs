using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.Gateway;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Cli;

[CancelAfter(300_000)]
internal sealed class ReviewCommandTests
{
    [Test]
    public async Task Reviews_AgainstAServer_ListAndAcceptLetTheRunGoOn(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static request =>
            request.Turn < 2 ? ChatReply.Call("write", new { text = $"text {request.Turn}" }) : ChatReply.Say("done"));
        await using ApiHost host = await ApiHost.StartAsync(model, build: static builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Reviews:Queues:0:Label"] = "team",
                ["Reviews:Queues:0:Capacity"] = "1",
                ["Reviews:Queues:0:Roles:0"] = "reviewer",
            });
            builder.Services.AddTool(AgentTool.Create("write", "Writes.", ToolEffect.Idempotent, static (string text) => text));
        });
        var keys = host.Services.GetRequiredService<ApiKeys>();
        host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer",
            await keys.AddAsync("root", ["admin"], Caller.Local, cancellationToken));
        string reviewer = await keys.AddAsync("rita", ["reviewer"], Caller.Local, cancellationToken);
        using HttpResponseMessage submitted = await host.Http.PostAsJsonAsync(
            "/api/runs", new { goal = "Go.", labels = new { team = "red" } }, cancellationToken);
        string id = (await submitted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
        JsonElement run = await Poll.ForAsync(
            () => host.Http.GetFromJsonAsync<JsonElement>($"/api/runs/{id}", cancellationToken),
            static run => run.GetProperty("status").GetString() == "waiting", cancellationToken);

        Assert.That(run.GetProperty("waitingFor").GetProperty("kind").GetString(), Is.EqualTo("reviewCapacity"));
        (int exitCode, string output, string errors) = await RunAsync();
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("team=red: 1 of 1 unreviewed, 1 calls wait").And.Contain("""write {"text":"text 0"}""").And.Contain(id));
        string change = output.Split('\n')[1].Trim().Split(' ')[0];

        (exitCode, output, errors) = await RunAsync("accept", change, "--comment", "fine");
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.StartWith($"reviewed {change}"));
        await host.Http.GetStringAsync(new Uri($"/api/runs/{id}/events", UriKind.Relative), cancellationToken);
        (exitCode, output, errors) = await RunAsync("accept", "--run", id);
        Assert.That((exitCode, errors), Is.EqualTo((0, "\n")), output);
        (exitCode, _, errors) = await RunAsync("accept", change);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("reviewNotFound"));

        Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) => ProgramProcess.RunAsync(
            null, Path.GetTempPath(),
            ["reviews", .. arguments, "--server", host.Http.BaseAddress!.ToString(), "--api-key", reviewer]);
    }
}
