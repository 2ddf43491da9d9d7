using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Telemetry;

/// <summary>A run with 20 sub-agents whose process is killed in the middle, seen by a receiver of OTLP.</summary>
[CancelAfter(300_000)]
internal sealed class OneTraceTests
{
    private const int Children = 20;
    private const string CallerTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string CallerSpan = "00f067aa0ba902b7";
    private const string Secret = "the launch is on the ninth of May";

    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Test]
    public async Task Serve_KilledWithTwentySubAgentsAtWork_SendsOneTrace(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        folder.Write("agents/lead.md", "---\nname: lead\ndescription: Leads.\ndelegation: kimi\n---\nYou lead.\n");
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Reply);
        Dictionary<string, string> environment = receiver.Environment;
        (environment["OPENAI_API_KEY"], environment["OPENAI_BASE_URL"]) = ("sk-test", model.BaseUrl);
        string[] command =
            ["serve", "--urls", "http://127.0.0.1:0", "--data", folder.Folder("data"), "--agents",
                Path.Combine(folder.Path, "agents"), "--trust"];

        string id;
        await using (ProgramProcess first = ProgramProcess.Start(environment, command))
        {
            id = await SubmitAsync(await first.ListeningAsync(), cancellationToken);
            // The spans of the sub-agents' admissions are at the receiver, and sub-agents wait for the model.
            await _asked.Task.WaitAsync(cancellationToken);
            await Poll.UntilAsync(
                () => receiver.Spans.Count(static span => span.Name == "execute_tool assign_task") == Children
                    && receiver.Spans.Any(static span => span.Name == "invoke_agent lead" && span.ParentId == CallerSpan),
                cancellationToken);
            await first.KillAsync();
        }

        _killed.SetResult();
        await using (ProgramProcess second = ProgramProcess.Start(environment, command))
        {
            using var http = new HttpClient { BaseAddress = await second.ListeningAsync(), Timeout = Timeout.InfiniteTimeSpan };
            await http.GetStringAsync(new Uri($"/api/runs/{id}/events", UriKind.Relative), cancellationToken);
            await Poll.UntilAsync(() => receiver.Spans.Any(span => span.Name == "run lead"
                && span["gen_ai.conversation.id"] == id), cancellationToken);
            await Poll.UntilAsync(() => receiver.Metrics.Contains("agentfunctions.run.duration"), cancellationToken);
        }

        Check(receiver.Spans, id);
        Assert.That(receiver.Metrics, Does.Contain("gen_ai.client.token.usage").And.Contain("gen_ai.client.operation.duration"));
        Assert.That(
            model.Requests.Select(static request => request.Headers["traceparent"][..35]), Is.All.EqualTo($"00-{CallerTrace}"),
            "the model's host");
    }

    private static void Check(IReadOnlyCollection<OtlpSpan> spans, string id)
    {
        Assert.That(spans.Select(static span => span.TraceId), Is.All.EqualTo(CallerTrace));
        HashSet<string> ids = [CallerSpan, .. spans.Select(static span => span.Id)];
        Assert.That(spans.Where(span => !ids.Contains(span.ParentId)), Is.Empty, "each hangs under a span of the trace");
        Assert.That(spans.Select(static span => span.Instance).Distinct().Count(), Is.EqualTo(2), "of two processes");

        OtlpSpan root = spans.Single(static span => span.Name == "invoke_agent lead" && span.ParentId == CallerSpan);
        Assert.That(root["gen_ai.conversation.id"], Is.EqualTo(id));
        OtlpSpan[] tools = [.. spans.Where(static span => span.Name == "execute_tool assign_task"
            && span["agentfunctions.outcome"] == "delegated")];
        Assert.That(tools, Has.Length.EqualTo(Children));
        Assert.That(tools.Select(static tool => tool.ParentId), Is.All.EqualTo(root.Id));
        OtlpSpan[] agents = [.. spans.Where(span => span["gen_ai.operation.name"] == "invoke_agent" && span != root)];
        Assert.That(agents.Select(static agent => agent.ParentId), Is.EquivalentTo(tools.Select(static tool => tool.Id)),
            "each under its call");

        // What was asked before the kill was cut off with its process; what came after hangs under the same spans.
        OtlpSpan[] answers = [.. spans.Where(span => span["gen_ai.operation.name"] == "chat" && span.Instance != root.Instance)];
        Assert.That(agents.Select(static agent => agent.Id).Append(root.Id),
            Is.EquivalentTo(answers.Select(static answer => answer.ParentId)));
        Assert.That(answers.Select(static answer => answer["gen_ai.usage.cache_read.input_tokens"]), Is.All.EqualTo("4"));
        Assert.That(answers.Select(static answer => answer["agentfunctions.attempt"]), Is.All.EqualTo("1"));
        Assert.That(tools.Select(static tool => tool["agentfunctions.policy.verdict"]), Is.All.EqualTo("Allow"));

        OtlpSpan whole = spans.Single(span => span.Name == "run lead" && span["gen_ai.conversation.id"] == id);
        Assert.That((whole.ParentId, whole["agentfunctions.run.status"]), Is.EqualTo((root.Id, "completed")));
        Assert.That(whole.Duration, Is.GreaterThan(root.Duration));
        Assert.That(
            spans.SelectMany(static span => span.Attributes.Values), Has.None.Contains(Secret),
            "what is said is told on request alone");
    }

    private static async Task<string> SubmitAsync(Uri address, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs")
        {
            Content = JsonContent.Create(new { agent = "lead", goal = Secret }),
        };
        request.Headers.Add("traceparent", $"00-{CallerTrace}-{CallerSpan}-01");
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
    }

    private ChatReply Reply(ChatRequest request)
    {
        ChatReply reply = request.Messages[0].GetProperty("content").ToString().Contains("You lead.", StringComparison.Ordinal)
            ? Lead(request.Turn)
            : ChatReply.Say("Read.") with { Before = WaitAsync };
        return reply with { Usage = new ChatReplyUsage(Cached: 4) };
    }

    private static ChatReply Lead(int turn) => turn switch
    {
        0 => ChatReply.Call("create_subagent", new { name = "reader", system_prompt = "You read." }),
        1 => new ChatReply
        {
            Calls = [.. Enumerable.Range(0, Children).Select(static child => ChatReplyCall.Of("assign_task",
                new { agent = "reader", prompt = $"Read part {child}" }))],
        },
        _ => ChatReply.Say("All parts were read."),
    };

    private Task WaitAsync(CancellationToken cancellationToken)
    {
        _asked.TrySetResult();
        return _killed.Task.WaitAsync(cancellationToken);
    }
}
