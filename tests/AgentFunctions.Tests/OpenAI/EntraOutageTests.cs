using System.Net;
using System.Text;
using AgentFunctions.Models;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.OpenAI;

/// <summary>A token that cannot be had for now is waited for; one that is refused is not.</summary>
[CancelAfter(300_000)]
public sealed class EntraOutageTests
{
    private const string Refusal =
        """{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","error_codes":[7000215]}""";

    [Test]
    public async Task Ask_NobodyListens_IsTransient(CancellationToken cancellationToken)
    {
        AgentException error = await AskAsync(Secret(new HttpClientHandler()), cancellationToken);

        Assert.That(error.Code, Is.EqualTo(ErrorCode.ModelUnavailable), error.Message);
        Assert.That(error.Message, Does.Contain("could not reach Entra"));
    }

    [TestCase(HttpStatusCode.ServiceUnavailable, """{"error":"temporarily_unavailable"}""", ErrorCode.ModelUnavailable)]
    [TestCase(HttpStatusCode.TooManyRequests, """{"error":"throttled"}""", ErrorCode.ModelUnavailable)]
    [TestCase(HttpStatusCode.Unauthorized, Refusal, ErrorCode.ModelUnauthorized)]
    public async Task Ask_EntraAnswersWith_IsTypedByTheStatus(HttpStatusCode status, string body, ErrorCode expected,
        CancellationToken cancellationToken)
    {
        AgentException error = await AskAsync(Secret(new Entra(status, body)), cancellationToken);

        Assert.That(error.Code, Is.EqualTo(expected), error.Message);
    }

    [TestCase(0, "No response received from the managed identity endpoint.", ErrorCode.ModelUnauthorized,
        Description = "as on a machine that has no identity")]
    [TestCase(503, "The request failed due to a gateway error.", ErrorCode.ModelUnavailable)]
    public async Task Ask_ManagedIdentityAnswersWith_IsTypedByTheStatus(int status, string words, ErrorCode expected,
        CancellationToken cancellationToken)
    {
        var cause = new CredentialUnavailableException($"ManagedIdentityCredential authentication unavailable. {words}",
            new AggregateException(new RequestFailedException(status, words)));
        var credential = DelegatedTokenCredential.Create((_, _) => throw cause, (_, _) => throw cause);

        AgentException error = await AskAsync(credential, cancellationToken);

        Assert.That(error.Code, Is.EqualTo(expected), error.Message);
        Assert.That(error.Message, Does.Contain(words));
    }

    private static async Task<AgentException> AskAsync(TokenCredential credential, CancellationToken cancellationToken)
    {
        await using var host = new ModelHost(
            services => services.AddSingleton(credential),
            ("Models:main:Provider", "azure"), ("Models:main:Endpoint", "https://name.openai.azure.com"),
            ("Models:main:Model", "my-deployment"));
        return Assert.ThrowsAsync<AgentException>(() => host.AskAsync(true, cancellationToken: cancellationToken))!;
    }

    private static ClientSecretCredential Secret(HttpMessageHandler handler) => new(
        "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002", "secret",
        new ClientSecretCredentialOptions
        {
            AuthorityHost = new Uri("https://127.0.0.1:1/"),
            DisableInstanceDiscovery = true,
            Transport = new HttpClientTransport(handler),
            Retry = { MaxRetries = 0 },
        });

    /// <summary>Answers every request with one status.</summary>
    private sealed class Entra(HttpStatusCode status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(status)
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            });

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            SendAsync(request, cancellationToken).GetAwaiter().GetResult();
    }
}
