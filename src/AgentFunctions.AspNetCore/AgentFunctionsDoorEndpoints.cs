using System.Diagnostics.CodeAnalysis;
using AgentFunctions.AspNetCore.Doors;
using AgentFunctions.AspNetCore.Doors.A2A;
using AgentFunctions.AspNetCore.Doors.AgUi;
using AgentFunctions.AspNetCore.Doors.Mcp;
using AgentFunctions.AspNetCore.Doors.OpenAI;
using AgentFunctions.AspNetCore.Doors.OpenAI.DevUi;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Hosting;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Mesh;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the doors, the protocols beside the HTTP API by which runs can be reached.</summary>
public static class AgentFunctionsDoorEndpoints
{
    /// <summary>Maps all doors, or those that the setting <c>Doors:Open</c> names, each at its default address.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    public static void MapDoors(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        DoorOptions options = endpoints.ServiceProvider.GetRequiredService<IOptions<DoorOptions>>().Value;
        if (options.Opens("mcp"))
        {
            endpoints.MapMcpDoor();
        }

        if (options.Opens("openai"))
        {
            endpoints.MapOpenAIDoor();
        }

        if (options.Opens("a2a"))
        {
            endpoints.MapA2ADoor();
        }

        if (options.Opens("agui"))
        {
            endpoints.MapAgUiDoor();
        }
    }

    /// <summary>Maps the Model Context Protocol (streamable HTTP): each agent is a tool, and a run is a task.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <param name="pattern">The address of the door.</param>
    /// <returns>The conventions of its endpoints.</returns>
    public static IEndpointConventionBuilder MapMcpDoor(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/mcp")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RegistrationCheck.Ensure(endpoints.ServiceProvider);
        RouteGroupBuilder door = endpoints.MapGroup("");
        door.WithMetadata(new RuntimeEndpoint(EndpointAccess.Callers), McpResourceMetadata.Challenge(pattern))
            .ExcludeFromDescription()
            .DisableCookieRedirect();
        door.MapMcp(pattern).Finally(static endpoint =>
        {
            RequestDelegate handler = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = async context =>
            {
                if (await McpVersions.RefuseUnknownAsync(context))
                {
                    return;
                }

                // A session's own stream of notifications; calls that wait are counted as such.
                using IDisposable? stream = HttpMethods.IsGet(context.Request.Method)
                    ? context.RequestServices.GetRequiredService<OpenStreams>().Open(context.Caller())
                    : null;
                var response = new DoorResponse(context);
                context.User = context.Caller().ToPrincipal(response);
                try
                {
                    await RequestLifetime.InvokeAsync(context, handler);
                }
                finally
                {
                    response.End();
                }
            };
        });
        door.MapMcpResourceMetadata(pattern);
        door.Guard();
        return door;
    }

    /// <summary>Maps OpenAI's API: each agent is a model, and a response is what a run does for one request.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <param name="prefix">The prefix of the addresses of the door.</param>
    /// <returns>The conventions of its endpoints.</returns>
    public static IEndpointConventionBuilder MapOpenAIDoor(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "/v1")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RegistrationCheck.Ensure(endpoints.ServiceProvider);
        RouteGroupBuilder door = endpoints.MapGroup("");
        door.WithMetadata(new RuntimeEndpoint(EndpointAccess.Callers), new OpenAIErrors(), new PlaceholderKeys())
            .ExcludeFromDescription()
            .DisableCookieRedirect();
        door.AddEndpointFilter(OpenAIErrors.FilterAsync).AddEndpointFilter<RouteGroupBuilder, ViewFilter>();
        door.MapGroup(prefix).MapResponses();
        door.MapDevUiMeta();
        door.Guard();
        return door;
    }

    /// <summary>Maps the Agent2Agent protocol 1.0, in both of its bindings over HTTP: a run is a task.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <returns>The conventions of its endpoints.</returns>
    public static IEndpointConventionBuilder MapA2ADoor(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RegistrationCheck.Ensure(endpoints.ServiceProvider);
        RouteGroupBuilder door = endpoints.MapGroup("/a2a");
        door.WithMetadata(new RuntimeEndpoint(EndpointAccess.Callers), new A2AErrors(isRpc: false))
            .ExcludeFromDescription()
            .DisableCookieRedirect();
        // Not the cards: they are signed, and say what is public.
        door.MapGroup("").AddEndpointFilter<RouteGroupBuilder, ViewFilter>().MapA2A();
        RouteGroupBuilder open = door.MapGroup("");
        open.WithMetadata(new RuntimeEndpoint(EndpointAccess.Public));
        open.MapCards();
        open.MapCallbacks();
        endpoints.ServiceProvider.GetService<MeshWaker>()?.Listen();
        door.Guard();
        RouteGroupBuilder root = endpoints.MapGroup("");
        root.WithMetadata(new RuntimeEndpoint(EndpointAccess.Public)).ExcludeFromDescription().DisableCookieRedirect();
        root.MapWellKnown();
        root.Guard();
        return door;
    }

    /// <summary>Maps AG-UI 1.0: a thread is a run, and each request of a page is a part of it.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <param name="prefix">The prefix of the addresses of the door.</param>
    /// <returns>The conventions of its endpoints.</returns>
    public static IEndpointConventionBuilder MapAgUiDoor(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "/agui")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RegistrationCheck.Ensure(endpoints.ServiceProvider);
        RouteGroupBuilder door = endpoints.MapGroup(prefix);
        door.WithMetadata(new RuntimeEndpoint(EndpointAccess.Callers), new AgUiErrors())
            .ExcludeFromDescription()
            .DisableCookieRedirect();
        door.AddEndpointFilter<RouteGroupBuilder, ViewFilter>().MapAgUi();
        door.Guard();
        return door;
    }
}
