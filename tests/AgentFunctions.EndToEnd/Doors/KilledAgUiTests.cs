using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>A thread of AG-UI whose host is killed with SIGKILL in the middle of its run.</summary>
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
        Assert.That(stream.Told.Count(static told => TypeOf(told) == "MESSAGES_SNAPSHOT"), Is.AtLeast(1), "lost ones are taken back");
    }

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
