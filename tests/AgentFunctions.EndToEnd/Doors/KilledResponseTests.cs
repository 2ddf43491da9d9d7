using System.Text;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A stream of OpenAI's API whose host is killed with SIGKILL at random moments. The client repeats its request until it knows
/// its response, and takes up the stream from then on.
/// </summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledResponseTests
{
    [Test]
    public async Task Stream_OfAHostThatIsKilled_LosesAndRepeatsNoNumber(CancellationToken cancellationToken)
    {
        var stream = new KilledStream(
            static told => told.GetProperty("sequence_number").GetInt64(),
            static told => TypeOf(told) == "response.output_text.delta",
            Request);

        await stream.RunAsync(KilledProgram.Kills(3), (["--doors", "openai"], null), cancellationToken);

        JsonElement last = stream.Told[^1];
        Assert.That(TypeOf(last), Is.EqualTo("response.completed"));
        JsonElement output = last.GetProperty("response").GetProperty("output");
        Assert.That(
            output.EnumerateArray().Count(static item =>
                item.TryGetProperty("status", out JsonElement status) && status.GetString() == "incomplete"),
            stream.Lost > 0 ? Is.AtLeast(1) : Is.AtLeast(0), output.ToString());
        Assert.That(
            output.EnumerateArray().Last().GetProperty("content")[0].GetProperty("text").GetString(),
            Does.EndWith(KilledStream.Long));
    }

    private static HttpRequestMessage Request(IReadOnlyList<JsonElement> told, bool isWhole)
    {
        if (told.Count == 0)
        {
            const string Body = """{"model":"scribe","input":"Keep the log.","stream":true}""";
            return new(HttpMethod.Post, "/v1/responses")
            {
                Content = new StringContent(Body, Encoding.UTF8, "application/json"),
                Headers = { { "Idempotency-Key", "the-log" } },
            };
        }

        string address = $"/v1/responses/{told[0].GetProperty("response").GetProperty("id").GetString()}?stream=true";
        long last = told[^1].GetProperty("sequence_number").GetInt64();
        return new(HttpMethod.Get, isWhole ? address : $"{address}&starting_after={last}");
    }

    private static string TypeOf(JsonElement told) => told.GetProperty("type").GetString()!;
}
