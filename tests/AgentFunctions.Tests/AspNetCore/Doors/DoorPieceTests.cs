using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>A text that is streamed in pieces is, put together, the text: a piece that begins like a secret is none.</summary>
[CancelAfter(300_000)]
internal sealed class DoorPieceTests
{
    /// <summary>Words of 43 characters, so that with pieces of 64 some begin at any place of one.</summary>
    private static readonly string Text =
        string.Concat(Enumerable.Range(0, 300).Select(static number => $"a-long-risk-{number:D4}-of-many-more-words-here "));

    [TestCase("v1/chat/completions", """{"model":"worker","stream":true,"messages":[{"role":"user","content":"Tell."}]}""")]
    [TestCase("v1/responses", """{"model":"worker","stream":true,"input":"Tell."}""")]
    public async Task Stream_TextWithWordsThatEndLikeASecretBegins_IsWhole(string path, string body,
        CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(static _ => ChatReply.Say(Text), []);
        using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));

        using HttpResponseMessage response = await host.Client.PostAsync(path, content, cancellationToken);
        string told = await response.Content.ReadAsStringAsync(cancellationToken);

        Assert.That(string.Concat(told.Split('\n').Select(TextOf)), Is.EqualTo(Text));
    }

    private static string? TextOf(string line)
    {
        if (!line.StartsWith("data: {", StringComparison.Ordinal))
        {
            return null;
        }

        JsonElement told = JsonElement.Parse(line["data: ".Length..]);
        return told.TryGetProperty("choices", out JsonElement choices)
            ? choices.EnumerateArray().Select(static choice => choice.GetProperty("delta"))
                .Where(static delta => delta.TryGetProperty("content", out _))
                .Select(static delta => delta.GetProperty("content").GetString()).FirstOrDefault()
            : told.GetProperty("type").GetString() == "response.output_text.delta" ? told.GetProperty("delta").GetString() : null;
    }
}
