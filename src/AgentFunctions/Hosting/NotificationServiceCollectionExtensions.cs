using AgentFunctions.Governance.Secrets;
using AgentFunctions.Hosting;
using AgentFunctions.Notifications;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the channels over which people are told.</summary>
internal static class NotificationServiceCollectionExtensions
{
    public static void AddNotifications(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<NotificationOptions>().Bind(configuration.GetSection(NotificationOptions.Section))
            .Validate(static options => options.Channels.Values.All(IsValid),
                "Notifications:Channels: use an absolute http or https Url, a Secret of at least 16 characters or whsec_ and base 64, or a File; not both.")
            .ValidateOnStart();
        services.AddGuardedHttpClient(WebhookSink.HttpClientName);
        services.AddSingleton(static provider => WebhookSink.ConsentsOf(provider.GetRequiredService<IOptions<NotificationOptions>>().Value));
        services.TryAddSingleton(static provider => new VariableText(provider.GetService<IConfiguration>(),
            provider.GetService<SecretResolver>()));
        services.TryAddSingleton<NotificationSender>();
        services.AddSingleton<INotificationSink, WebhookSink>();
        services.AddSingleton<INotificationSink, FileSink>();
        services.AddSingleton<INotificationSink, ConsoleSink>();
    }

    private static bool IsValid(NotificationChannel channel) =>
        (channel.Url is null || channel.File is null)
        && (channel.Url is null
            || (Uri.TryCreate(channel.Url, UriKind.Absolute, out Uri? uri) && (uri.Scheme is "http" or "https")))
        && (channel.Secret is null or { Length: >= 16 } || VariableText.HasReference(channel.Secret));
}
