using System.Net.ServerSentEvents;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>Event streams while nothing happens, and when the host stops.</summary>
[CancelAfter(300_000)]
internal sealed class EventStreamTests
{
    [Test]
    public async Task Events_WhileNothingHappens_CarrySignsOfLife()
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Held());
        await using ApiHost host = await ApiHost.StartAsync(model, options => options.Heartbeat = TimeSpan.FromMilliseconds(100));
        string id = await host.Http.SubmitGoalAsync("x");
        await using Stream stream = await host.Http.GetStreamAsync($"/api/runs/{id}/events");
        using var reader = new StreamReader(stream);
        int beats = 0;
        while (beats < 3)
        {
            string? line = await reader.ReadLineAsync(TestContext.CurrentContext.CancellationToken);
            Assert.That(line, Is.Not.Null);
            beats += line!.StartsWith(':') ? 1 : 0;
        }
    }

    [Test]
    public async Task Events_WhenTheHostStops_EndSoThatItNeedNotWait()
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Held());
        using var folder = new TemporaryFolder();
        await using ProgramProcess server = ProgramProcess.Start(model, folder.Path, "serve", "--urls", "http://127.0.0.1:0",
            "--data", "data");
        string url = (await server.LineAsync(line => line.StartsWith("Listening on ",
            StringComparison.Ordinal)))["Listening on ".Length..];
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        string id = await http.SubmitGoalAsync("x");
        await using Stream stream = await http.GetStreamAsync($"/api/runs/{id}/events");
        using var reader = new StreamReader(stream);
        Assert.That(await reader.ReadLineAsync(TestContext.CurrentContext.CancellationToken), Is.EqualTo("id: 0"));
        server.Terminate();
        await reader.ReadToEndAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That(await server.WaitAsync(), Is.Zero, server.Errors);
    }

    [Test]
    public async Task Events_PastTheLifetimeOfTheStream_EndAndGoOnFromTheLastOne()
    {
        var goOn = new TaskCompletionSource();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            ChatReply.Say("x") with { Before = cancellationToken => goOn.Task.WaitAsync(cancellationToken) });
        await using ApiHost host = await ApiHost.StartAsync(model, options => options.StreamLifetime = TimeSpan.FromSeconds(1));
        string id = await host.Http.SubmitGoalAsync("x");

        // A stream of a busy machine may have reached its age before its first event.
        string first = await Poll.ForAsync(
            () => host.Http.GetStringAsync($"/api/runs/{id}/events", TestContext.CurrentContext.CancellationToken),
            static text => text.Contains("id: 0\n", StringComparison.Ordinal), TestContext.CurrentContext.CancellationToken);
        Assert.That(first, Does.StartWith("retry: 1000\n\nid: 0\n").And.Not.Contain("run.ended"));

        goOn.SetResult();
        var rest = new List<string>();
        while (!rest.Contains("run.ended"))
        {
            await foreach (SseItem<string> item in host.Http.FollowAsync(id, $"{rest.Count}"))
            {
                Assert.That(item.EventId, Is.EqualTo($"{rest.Count + 1}"));
                rest.Add(item.EventType);
            }
        }
    }

    private static ChatReply Held() =>
        ChatReply.Say("x") with { Before = cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken) };
}
