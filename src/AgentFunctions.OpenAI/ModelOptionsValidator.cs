using AgentFunctions.OpenAI.Providers;


namespace AgentFunctions.OpenAI;

/// <summary>Finds what is wrong with a configured model; each fault names its field and the remedy.</summary>
internal static class ModelOptionsValidator
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(1);

    public static IEnumerable<string> Faults(NamedModel model)
    {
        (string path, ModelOptions options, ModelProvider? provider) = (model.Path, model.Options, model.Provider);
        if (provider is null)
        {
            yield return $"{path}:Provider: '{options.Provider}' is unknown; use one of "
                + $"{string.Join(", ", ModelProvider.All.Select(static known => known.Name))}. "
                + "Any other OpenAI-compatible endpoint is 'openai' with its Endpoint.";
            yield break;
        }

        if (options.Endpoint is null ? provider.NeedsEndpoint : !IsHttp(options.Endpoint))
        {
            yield return $"{path}:Endpoint: set an absolute http or https address, such as {provider.ExampleEndpoint}.";
        }

        if (options.Model is null && provider.DefaultModel is null)
        {
            yield return $"{path}:Model: set the name of the deployment, here or as {provider.ModelVariable}.";
        }

        if (FallbackReader.UnknownWord(options) is { } word)
        {
            yield return $"{path}:FallbackOn: '{word}' is unknown; use some of {FallbackReader.Words}, or leave it out for all.";
        }

        if (options.Temperature is < 0 or > 2 or float.NaN)
        {
            yield return $"{path}:Temperature: {options.Temperature} is out of range; use 0 to 2, or leave it out.";
        }

        if (options.BytesPerToken is < 0.5 or > 16 or double.NaN)
        {
            yield return $"{path}:BytesPerToken: {options.BytesPerToken} is out of range; use 0.5 to 16, or leave it out.";
        }

        if (options.Price is { } price)
        {
            foreach ((string field, decimal? value, bool isNeeded) in new[]
            {
                (nameof(price.Input), price.Input, true),
                (nameof(price.Output), price.Output, true),
                (nameof(price.CachedInput), price.CachedInput, false),
            })
            {
                if (value is null ? isNeeded : value is < 0 or > 1_000_000)
                {
                    yield return $"{path}:Price:{field}: set US dollars per million tokens, from 0 to 1000000, such as 2.50.";
                }
            }
        }

        foreach ((string field, int? value, int least, int most) in new[]
        {
            (nameof(options.ContextWindow), options.ContextWindow, 1_000, 100_000_000),
            (nameof(options.MaxOutputTokens), options.MaxOutputTokens, 1, 10_000_000),
            (nameof(options.MaxTools), options.MaxTools, 8, 10_000),
            (nameof(options.MaxRetries), options.MaxRetries, 0, 10),
            (nameof(options.MaxConcurrentCalls), options.MaxConcurrentCalls, 1, 10_000),
            (nameof(options.CircuitBreakerThroughput), options.CircuitBreakerThroughput, 2, 10_000),
        })
        {
            if (value < least || value > most)
            {
                yield return $"{path}:{field}: {value} is out of range; use {least} to {most}.";
            }
        }

        if (options.MaxToolBytes is < 1024 or > 1024 * 1024 * 1024)
        {
            yield return $"{path}:MaxToolBytes: {options.MaxToolBytes} is out of range; use 1024 to 1073741824, or leave it out.";
        }

        if (options.MaxAnswerBytes is < 64 * 1024 or > 1024 * 1024 * 1024)
        {
            yield return $"{path}:MaxAnswerBytes: {options.MaxAnswerBytes} is out of range; use 65536 to 1073741824.";
        }

        foreach ((string field, TimeSpan value, TimeSpan least) in new[]
        {
            (nameof(options.AttemptTimeout), options.AttemptTimeout, TimeSpan.FromMilliseconds(10)),
            (nameof(options.StreamIdleTimeout), options.StreamIdleTimeout, TimeSpan.FromMilliseconds(10)),
            (nameof(options.AnswerTimeout), options.AnswerTimeout, TimeSpan.FromMilliseconds(10)),
            (nameof(options.RetryDelay), options.RetryDelay, TimeSpan.Zero),
            (nameof(options.MaxRetryAfter), options.MaxRetryAfter, TimeSpan.Zero),
            (nameof(options.CircuitBreakerDuration), options.CircuitBreakerDuration, TimeSpan.FromMilliseconds(500)),
        })
        {
            if (value < least || value > LongestTimeout)
            {
                yield return $"{path}:{field}: {value} is out of range; use {least} to {LongestTimeout}.";
            }
        }
    }

    private static bool IsHttp(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is ("http" or "https");
}
