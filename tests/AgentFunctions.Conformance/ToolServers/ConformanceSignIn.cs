using System.Text.Json.Nodes;

namespace AgentFunctions.Conformance.ToolServers;

/// <summary>The operator and the person of scenarios in which the server asks for a sign-in.</summary>
internal static class ConformanceSignIn
{
    /// <summary>Writes what an operator would configure of the server's sign-in.</summary>
    public static async Task<JsonNode> ConfigureAsync(string scenario, string url, JsonObject context)
    {
        var oauth = new JsonObject();
        if (context["client_id"] is { } id)
        {
            oauth["clientId"] = id.DeepClone();
            oauth["clientSecret"] = context["client_secret"]?.DeepClone();
        }
        else if (scenario == "auth/basic-cimd")
        {
            oauth["clientMetadataUrl"] = "https://conformance-test.local/client-metadata.json";
        }

        if (scenario == "auth/client-credentials-basic")
        {
            oauth["grant"] = "client_credentials";
            oauth["tokenEndpoint"] = await TokenEndpointAsync(new Uri(url));
        }

        return oauth;
    }

    /// <summary>Opens an address as a browser would, of a person who consents to all.</summary>
    public static async Task BrowseAsync(Uri address, CancellationToken cancellationToken)
    {
        using var browser = new HttpClient();
        using HttpResponseMessage page = await browser.GetAsync(address, cancellationToken);
    }

    /// <summary>Looks the token endpoint up where the server publishes it; a host has it in its configuration.</summary>
    private static async Task<string> TokenEndpointAsync(Uri server)
    {
        using var http = new HttpClient();
        JsonNode resource = JsonNode.Parse(await http.GetStringAsync(new Uri(server,
            $"/.well-known/oauth-protected-resource{server.AbsolutePath}")))!;
        var issuer = new Uri(resource["authorization_servers"]![0]!.ToString());
        JsonNode metadata = JsonNode.Parse(await http.GetStringAsync(new Uri(issuer,
            "/.well-known/oauth-authorization-server")))!;
        return metadata["token_endpoint"]!.ToString();
    }
}
