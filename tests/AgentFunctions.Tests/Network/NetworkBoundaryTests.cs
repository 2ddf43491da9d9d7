using System.Net;
using AgentFunctions.Network;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Network;

[CancelAfter(300_000)]
internal sealed class NetworkBoundaryTests
{
    [TestCase("127.0.0.1", false)]
    [TestCase("10.1.2.3", false)]
    [TestCase("172.16.0.1", false)]
    [TestCase("172.32.0.1", true)]
    [TestCase("192.168.1.1", false)]
    [TestCase("169.254.169.254", false)]
    [TestCase("168.63.129.16", false)]
    [TestCase("100.64.0.1", false)]
    [TestCase("0.0.0.0", false)]
    [TestCase("255.255.255.255", false)]
    [TestCase("8.8.8.8", true)]
    [TestCase("::1", false)]
    [TestCase("::", false)]
    [TestCase("fe80::1", false)]
    [TestCase("fd00:ec2::254", false)]
    [TestCase("::ffff:169.254.169.254", false)]
    [TestCase("64:ff9b::a9fe:a9fe", false)]
    [TestCase("2002:7f00:1::", false)]
    [TestCase("2001:db8::1", false)]
    [TestCase("2606:4700::1111", true)]
    public void IsPublic_Address_Judged(string address, bool isPublic) =>
        Assert.That(NetworkBoundary.IsPublic(IPAddress.Parse(address)), Is.EqualTo(isPublic));

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    [TestCase("[::1]")]
    [TestCase("2130706433")]
    public async Task Send_NameOrNumberLeadsInside_NothingIsSent(string host)
    {
        await using OpenAIProtocolServer inside = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("secret"));
        using var http = new HttpClient(NetworkBoundary.CreateHandler());

        Exception error = Assert.CatchAsync(() => http.GetAsync(new Uri($"http://{host}:{new Uri(inside.BaseUrl).Port}/")))!;

        Assert.That((error as AgentException ?? error.InnerException as AgentException)?.Code, Is.EqualTo(ErrorCode.NotAllowed),
            error.ToString());
        Assert.That(inside.Count, Is.Zero);
    }

    [Test]
    public async Task Send_HostIsAllowed_Reached()
    {
        await using OpenAIProtocolServer inside = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("fine"));
        using var http = new HttpClient(NetworkBoundary.CreateHandler(["127.0.0.1"]));

        Assert.That(async () => (await http.GetAsync(new Uri($"{inside.BaseUrl}/models"))).StatusCode, Throws.Nothing);
    }
}
