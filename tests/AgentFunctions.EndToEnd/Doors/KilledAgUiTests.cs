using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>A thread of AG-UI whose host is killed with SIGKILL at random moments of its run.</summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledAgUiTests
{
    [Test]
    public async Task Thread_OfAHostThatIsKilled_LosesAndRepeatsNoEvent(CancellationToken cancellationToken)
    {
        var stream = new KilledStream(NumberOf, static told => TypeOf(told) == "TEXT_MESSAGE_CONTENT", Request);

        await stream.RunAsync(KilledProgram.Kills(3), ([], """{"Doors":{"Open":"agui"}}"""), cancellationToken);

        JsonElement last = stream.Told[^1];
        Assert.That(TypeOf(last), Is.EqualTo("RUN_FINISHED"));
        Assert.That(last.GetProperty("outcome").GetProperty("type").GetString(), Is.EqualTo("success"));
        Assert.That(last.GetProperty("result").GetProperty("text").GetString(), Does.EndWith(KilledStream.Long));
        Assert.That(
            stream.Told.Count(static told => TypeOf(told) == "TEXT_MESSAGE_START"),
            Is.EqualTo(stream.Told.Count(static told => TypeOf(told) == "TEXT_MESSAGE_END")), "every message is closed");
        Assert.That(
            stream.Told.Count(static told => TypeOf(told) == "MESSAGES_SNAPSHOT"),
            stream.Lost > 0 ? Is.AtLeast(1) : Is.AtLeast(0), "lost ones are taken back");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Stream_ThatBreaks_IsNoSuccessToTheClientAndIsTakenUpByADurableOne(bool isKill,
        CancellationToken cancellationToken)
    {
        using var folder = new ScribeFolder(10);
        var spoken = new SemaphoreSlim(0);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(_ =>
        {
            int chunks = 0;
            return ChatReply.Say(KilledStream.Long) with
            {
                BetweenChunks = token =>
                {
                    if (++chunks != 12)
                    {
                        return Task.CompletedTask;
                    }

                    spoken.Release();
                    return goOn.Task.WaitAsync(token);
                },
            };
        });
        string[] command = [.. folder.Serve("--doors", "agui")];
        string address = $"http://127.0.0.1:{FreePort.Take()}";
        command[Array.IndexOf(command, "--urls") + 1] = address;
        ProgramProcess program = ProgramProcess.Start(model, folder.Path, command);
        try
        {
            await program.ListeningAsync();
            Task<(string? Output, string? Reason)> client = NodeServers.RunClientAsync(
                "agui.mjs", [$"{address}/", "none", "broken", DurableAgent()], cancellationToken);
            for (int thread = 0; thread < 2 && !client.IsCompleted; thread++)
            {
                await Task.WhenAny(spoken.WaitAsync(cancellationToken), client);
            }

            if (!client.IsCompleted)
            {
                if (isKill)
                {
                    await program.KillAsync();
                }
                else
                {
                    program.Terminate();
                    await program.WaitAsync();
                }

                await program.DisposeAsync();
                goOn.SetResult();
                program = ProgramProcess.Start(model, folder.Path, command);
            }

            (string? output, string? reason) = await client;
            if (output is null)
            {
                Assert.That(Environment.GetEnvironmentVariable("CI"), Is.Null, reason);
                Assert.Ignore($"No clients (.ci/packages installs them): {reason}");
            }

            var told = JsonElement.Parse(output!);
            Assert.That(told.GetProperty("broken").ValueKind, Is.EqualTo(JsonValueKind.String),
                "the client of its makers rejects");
            Assert.That(told.GetProperty("brokenEnds").GetBoolean(), Is.False);
            Assert.That(told.GetProperty("thrown").ValueKind, Is.EqualTo(JsonValueKind.Null), output);
            Assert.That(told.GetProperty("last").GetProperty("outcome").GetProperty("type").GetString(), Is.EqualTo("success"));
            foreach (string dialogue in (string[])["messages", "again"])
            {
                Assert.That(
                    told.GetProperty(dialogue).EnumerateArray().Select(static one => $"{one[0]}: {one[1]}"),
                    Is.EqualTo(new[] { "user: Keep the log.", $"assistant: {KilledStream.Long}" }), dialogue);
            }
        }
        finally
        {
            await program.DisposeAsync();
        }
    }

    private static string DurableAgent([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../../samples/Doors/durable-http-agent.mjs"));

    private static HttpRequestMessage Request(IReadOnlyList<JsonElement> told, bool isWhole)
    {
        bool isFirst = told.Count == 0;
        string body = isFirst
            ? """{"threadId":"t","runId":"r","messages":[{"id":"m","role":"user","content":"Keep the log."}],"tools":[],"context":[]}"""
            : """{"threadId":"t"}""";
        var request = new HttpRequestMessage(HttpMethod.Post, isFirst ? "/agui/scribe" : "/agui/scribe/connect")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (!isFirst && !isWhole)
        {
            request.Headers.Add("Last-Event-ID", CursorOf(told[^1]));
        }

        return request;
    }

    private static string? CursorOf(JsonElement told) =>
        told.TryGetProperty("metadata", out JsonElement metadata)
            ? metadata.GetProperty("agentfunctions").GetProperty("cursor").GetString()
            : null;

    private static long? NumberOf(JsonElement told) => CursorOf(told) is { } cursor
        ? long.Parse(cursor.AsSpan(cursor.IndexOf(':') + 1), CultureInfo.InvariantCulture)
        : null;

    private static string TypeOf(JsonElement told) => told.GetProperty("type").GetString()!;
}
