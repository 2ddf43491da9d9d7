using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>Requests as people write them.</summary>
[CancelAfter(300_000)]
internal sealed class SubmissionFormTests
{
    [TestCase("1h", "PT1H")]
    [TestCase("90m", "PT1H30M")]
    [TestCase("PT2H", "PT2H")]
    public async Task Submit_BodyWithAByteOrderMarkAndAShortDuration_IsTaken(string wallClock, string granted)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        byte[] body = [0xEF, 0xBB, 0xBF,
            .. Encoding.UTF8.GetBytes($$$"""{"goal": "work", "budget": {"wallClock": "{{{wallClock}}}"}}""")];
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

        using HttpResponseMessage response = await host.Client.PostAsync("/api/runs", content);

        JsonElement run = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), run.GetRawText());
        run = await host.WaitAsync(run.GetProperty("id").GetString()!);
        Assert.That(run.GetProperty("budget").GetRawText(), Does.Contain($"\"{granted}\""));
    }
}
