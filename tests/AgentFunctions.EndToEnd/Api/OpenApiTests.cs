using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>The OpenAPI document is valid, whole, and tells the truth about bodies.</summary>
[CancelAfter(300_000)]
internal sealed class OpenApiTests
{
    private ApiHost _host = null!;
    private string _json = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync();
        _json = await _host.Http.GetStringAsync("/openapi/v1.json");
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [Test]
    public void Document_OfTheApi_IsValid()
    {
        Microsoft.OpenApi.Reader.ReadResult read = OpenApiDocument.Parse(_json, "json");
        Assert.That(read.Diagnostic!.Errors, Is.Empty);
        Assert.That(read.Diagnostic.Warnings, Is.Empty);
    }

    [Test]
    public void Document_OfTheApi_DescribesEveryMappedRoute()
    {
        OpenApiDocument document = OpenApiDocument.Parse(_json, "json").Document!;
        IEnumerable<string> documented = document.Paths.SelectMany(
            path => path.Value.Operations!.Keys.Select(method => $"{method} {path.Key}"));
        IEnumerable<string> mapped = _host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(static endpoint => !endpoint.RoutePattern.RawText!.StartsWith("/openapi/", StringComparison.Ordinal)
                && !endpoint.RoutePattern.RawText.StartsWith("/dashboard/", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                .Where(static method => method != HttpMethods.Head)
                .Select(method => $"{method} {endpoint.RoutePattern.RawText!.TrimEnd('/')}"));
        Assert.That(documented, Is.EquivalentTo(mapped));
        foreach (OpenApiOperation operation in document.Paths.Values.SelectMany(path => path.Operations!.Values))
        {
            Assert.That(operation.Summary, Is.Not.Empty, operation.OperationId);
            Assert.That(operation.OperationId, Is.Not.Empty);
            Assert.That(operation.Responses!.Where(r => r.Key[0] == '4').SelectMany(r => r.Value.Content!.Keys),
                Has.All.EqualTo("application/problem+json"));
        }
    }

    [Test]
    public async Task Document_OfTheApi_NamesTheMembersThatARunHas()
    {
        string id = await _host.Http.SubmitGoalAsync("x");
        JsonObject run = (await _host.Http.EndAsync(id)).AsObject();
        JsonNode schemas = JsonNode.Parse(_json)!["components"]!["schemas"]!;
        JsonNode schema = schemas["Run"]!;
        // A run that the lists do not know yet has no revision, and one whose model has none has no fallback.
        Assert.That(
            run.Select(member => member.Key).Append("rev").Append("fallback").Distinct(),
            Is.EquivalentTo(schema["properties"]!.AsObject().Select(member => member.Key)));
        Assert.That(schemas["RunStatus"]!["enum"]!.AsArray().Select(value => (string)value!), Has.Member((string)run["status"]!));
        Assert.That((string?)schema["properties"]!["turns"]!["type"], Is.EqualTo("integer"));
    }
}
