using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>
/// A server whose model cannot be asked: what is wrong is read in <c>show</c>, <c>watch</c> and the live stream, not "waiting".
/// </summary>
[CancelAfter(300_000)]
internal sealed class UnreachableModelTests
{
    [Test]
    public async Task Show_WrongAddressOfTheModel_SaysWhatIsWrongAndWhenItIsTriedAgain(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        // A port that is taken, and at which nobody listens.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        await using ProgramProcess server = Serve(folder, $"http://127.0.0.1:{port}/v1");
        Uri address = await server.ListeningAsync();
        using var http = new HttpClient { BaseAddress = address };
        string id = await SubmitAsync(http, cancellationToken);

        await using ProgramProcess watch = ProgramProcess.Start([], "watch", id, "--server", address.ToString());
        string line = await watch.LineAsync(static line => line.Contains("failed (", StringComparison.Ordinal));
        Assert.That(line, Does.Contain($"127.0.0.1:{port}").And.Contain("tried again at"));

        string shown = await Poll.ForAsync(
            async () => (await ProgramProcess.RunAsync(null, folder.Path, "show", id, "--server", address.ToString())).Output,
            static output => output.Contains("waiting for modelUnavailable", StringComparison.Ordinal), cancellationToken);
        Assert.That(shown, Does.Contain($"127.0.0.1:{port}").And.Contain(", until "));

        await foreach (SseItem<string> item in LiveAsync(http, id, cancellationToken))
        {
            if (item.EventType == "model.retrying")
            {
                JsonElement retrying = JsonElement.Parse(item.Data);
                Assert.That(retrying.GetProperty("message").GetString(), Does.Contain($"127.0.0.1:{port}"));
                Assert.That(retrying.GetProperty("failures").GetInt32(), Is.Positive);
                Assert.That(retrying.GetProperty("turn").GetInt32(), Is.EqualTo(1));
                Assert.That(retrying.GetProperty("code").GetString(), Is.EqualTo("ModelUnavailable"));
                return;
            }
        }

        Assert.Fail("The stream ended without a word of the model.");
    }

    [Test]
    public async Task Show_KeyThatTheProviderRefuses_SaysItInTheProvidersWords(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            static _ => ChatReply.Error(401, "Incorrect API key provided. Ask Ms Miller for one.", "invalid_api_key"));
        await using ProgramProcess server = Serve(folder, model.BaseUrl);
        Uri address = await server.ListeningAsync();
        using var http = new HttpClient { BaseAddress = address };
        string id = await SubmitAsync(http, cancellationToken);

        await using ProgramProcess watch = ProgramProcess.Start([], "watch", id, "--server", address.ToString());
        Assert.That(await watch.WaitAsync(), Is.Not.Zero);
        Assert.That(watch.Output + watch.Errors, Does.Contain("Ask Ms Miller"));
        string shown = (await ProgramProcess.RunAsync(null, folder.Path, "show", id, "--server", address.ToString())).Output;
        Assert.That(shown, Does.Contain("Ask Ms Miller").And.Contain("failed").And.Not.Contain("waiting"));
    }

    private static ProgramProcess Serve(TemporaryFolder folder, string model) => ProgramProcess.Start(
        new Dictionary<string,
            string>
        { ["OPENAI_API_KEY"] = "sk-test", ["OPENAI_BASE_URL"] = model, ["OPENAI_MODEL"] = "scripted" },
        "serve", "--urls", "http://127.0.0.1:0", "--data", folder.Path);

    private static async Task<string> SubmitAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.PostAsJsonAsync("/api/runs", new { goal = "Speak." }, cancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
    }

    private static async IAsyncEnumerable<SseItem<string>> LiveAsync(
        HttpClient http, string id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using Stream stream = await http.GetStreamAsync(new Uri($"/api/runs/{id}/events?live=true", UriKind.Relative),
            cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            yield return item;
        }
    }
}
