using System.Net;
using System.Net.Sockets;
using System.Text;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools.Web;

namespace AgentFunctions.Tests.Tools.Web;

[CancelAfter(300_000)]
internal sealed class WebFetchTests
{
    [Test]
    public void Of_APage_IsItsText() => Assert.That(
        PageText.Of(
            "<!DOCTYPE html><html><head><title>A &amp; B</title><style>p{color:red}</style><script>if (a < b) { alert('</p>') }</script></head>"
            + "<body><!-- <p>no</p> --><h1>Head</h1><p>One <b>two</b>\n three</p><ul><li>x &lt; y</ul><p>a < b</p><svg><text>no</text></svg>tail"),
        Is.EqualTo("A & B\nHead\nOne two\nthree\nx < y\na < b\ntail"));

    [TestCase("<script>")]
    [TestCase("<p")]
    [TestCase("<!--")]
    [TestCase("<")]
    [TestCase("</")]
    [TestCase("</script")]
    public void Of_AnUnclosedTag_Ends(string page) => Assert.That(() => PageText.Of(page), Throws.Nothing);

    [TestCase(true)]
    [TestCase(false)]
    public async Task Fetch_APageOfThisMachine_IsReadOnlyWhereTheBoundaryAllows(bool isAllowed,
        CancellationToken cancellationToken)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        int port = ((IPEndPoint)server.LocalEndpoint).Port;
        Task serving = ServeAsync(server, "<html><script>no()</script><p>Hello &amp; welcome</p></html>", cancellationToken);
        string? result = null;
        await using RunHost host = await RunHost.StartAsync(
            request =>
            {
                result = request.Results.FirstOrDefault();
                return result is null
                    ? new ChatReply { Calls = [ChatReplyCall.Of("web_fetch", new { url = $"http://127.0.0.1:{port}/page" })] }
                    : new ChatReply { Text = "done" };
            },
            agent: agent => agent.WithTools("web_fetch"),
            settings: isAllowed ? [("Governance:Network:Allow:0", $"127.0.0.1:{port}")] : []);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(result, isAllowed
            ? Does.Contain("Hello & welcome").And.Not.Contain("no()")
            : Does.Contain("network-boundary"));
        server.Stop();
        await serving;
    }

    private static async Task ServeAsync(TcpListener server, string page, CancellationToken cancellationToken)
    {
        try
        {
            using TcpClient client = await server.AcceptTcpClientAsync(cancellationToken);
            NetworkStream stream = client.GetStream();
            _ = await stream.ReadAsync(new byte[8_192], cancellationToken);
            await stream.WriteAsync(
                Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {page.Length}\r\nConnection: close\r\n\r\n{page}"),
                cancellationToken);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody asked.
        }
    }
}
