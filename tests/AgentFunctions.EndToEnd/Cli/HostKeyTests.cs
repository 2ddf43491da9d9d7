using System.Net;
using System.Net.Http.Headers;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>The key that the program sends, and the key of the server that it is, are two.</summary>
[CancelAfter(300_000)]
internal sealed class HostKeyTests
{
    private const string Callers = "afk_01234567_a-key-of-a-caller-with-few-roles";
    private const string Hosts = "0123456789abcdef-host-key";

    [Test]
    public async Task Serve_WithTheCallersKeyInItsEnvironment_DoesNotMakeItTheHosts()
    {
        using var folder = new TemporaryFolder();
        await using ProgramProcess server = Start(folder, new() { ["AGENTFUNCTIONS_API_KEY"] = Callers });
        using HttpClient http = await ConnectAsync(server);
        Assert.That(await StatusAsync(http, Callers), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(server.Errors, Does.Contain("AGENTFUNCTIONS_API_KEY").And.Contain("AGENTFUNCTIONS_HOST_KEY"));
    }

    [Test]
    public async Task Serve_WithBothKeys_ServesTheHostsAloneAndSaysNothing()
    {
        using var folder = new TemporaryFolder();
        await using ProgramProcess server = Start(folder,
            new() { ["AGENTFUNCTIONS_API_KEY"] = Callers, ["AGENTFUNCTIONS_HOST_KEY"] = Hosts });
        using HttpClient http = await ConnectAsync(server);
        Assert.That(await StatusAsync(http, Callers), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await StatusAsync(http, null), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await StatusAsync(http, Hosts), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(server.Errors, Does.Not.Contain("AGENTFUNCTIONS_"));
    }

    [Test]
    public async Task Serve_BeyondThisMachineWithTheCallersKeyAlone_IsRefusedAndSaysWhich()
    {
        using var folder = new TemporaryFolder();
        await using ProgramProcess server = Start(folder, new() { ["AGENTFUNCTIONS_API_KEY"] = Callers }, "http://0.0.0.0:0");
        Assert.That(await server.WaitAsync(), Is.Not.Zero);
        Assert.That(server.Errors, Does.Contain("AGENTFUNCTIONS_API_KEY").And.Contain("AGENTFUNCTIONS_HOST_KEY"));
    }

    private static ProgramProcess Start(TemporaryFolder folder, Dictionary<string, string> environment,
        string url = "http://127.0.0.1:0") =>
        ProgramProcess.Start(environment, "serve", "--urls", url, "--data", Path.Combine(folder.Path, "data"));

    private static async Task<HttpClient> ConnectAsync(ProgramProcess server)
    {
        string line = await server.LineAsync(static line => line.StartsWith("Listening on ", StringComparison.Ordinal));
        return new HttpClient { BaseAddress = new Uri(line["Listening on ".Length..]) };
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
