using System.Net.Http.Json;
using System.Text;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore.Doors;

namespace AgentFunctions.Tests.AspNetCore.Security;

/// <summary>Azure's authentication in front of a host: whom it names, with a token that it has checked or without one.</summary>
[CancelAfter(300_000)]
internal sealed class PrincipalTests
{
    private const string Page = "https://pages.example.com";

    private static readonly string Principal = Convert.ToBase64String(Encoding.UTF8.GetBytes(
        """
        {"auth_typ":"aad","name_typ":"name","role_typ":"roles",
        "claims":[{"typ":"name","val":"daemon"},{"typ":"roles","val":"submitter"}]}
        """));

    /// <summary>What the platform finds out of an app that calls for itself: it has no name.</summary>
    private static readonly string App = Convert.ToBase64String(Encoding.UTF8.GetBytes(
        """
        {"auth_typ":"aad","name_typ":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "role_typ":"http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
        "claims":[{"typ":"http://schemas.microsoft.com/identity/claims/objectidentifier","val":"0a1b"},
        {"typ":"appid","val":"2c3d"},{"typ":"roles","val":"submitter"}]}
        """));

    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await DoorHost.StartAsync(
        static _ => ChatReply.Say("Done."), [], ("Api:TrustFunctionsPrincipal", "true"), ("Api:Origins:0", Page));

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCase("principal", 202)]
    [TestCase("principal token", 202)]
    [TestCase("app token", 202)]
    [TestCase("token", 401)]
    [TestCase("", 401)]
    [TestCase("page principal", 403)]
    [TestCase("page principal token", 202)]
    [TestCase("page principal token cookie", 403)]
    public async Task Submit_WithWhatThePlatformHasChecked_IsTaken(string sent, int status)
    {
        string[] parts = sent.Split(' ');
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/runs")
        {
            Content = JsonContent.Create(new { goal = "Answer." }),
        };
        foreach ((string part, string name, string value) in ((string, string, string)[])
            [
                ("principal", "X-MS-CLIENT-PRINCIPAL", Principal), ("app", "X-MS-CLIENT-PRINCIPAL", App), ("token", "Authorization", "Bearer a.token.of-entra"),
                ("page", "Origin", Page), ("cookie", "Cookie", "AppServiceAuthSession=x"),
            ])
        {
            if (parts.Contains(part))
            {
                request.Headers.Add(name, value);
            }
        }

        using HttpResponseMessage response = await _host.Client.SendAsync(request);

        Assert.That((int)response.StatusCode, Is.EqualTo(status), await response.Content.ReadAsStringAsync());
    }
}
