using System.Net;
using AgentFunctions.Models.Resilience;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace AgentFunctions.OpenAI.Resilience;

/// <summary>The resilience of one model's endpoint: retry around circuit breaker around attempt time-out.</summary>
internal static partial class ModelPipeline
{
    public static ResiliencePipeline<HttpResponseMessage> Create(string model, ModelOptions options, TimeProvider time,
        ILogger? log)
    {
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        if (options.MaxRetries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.MaxRetries,
                Delay = options.RetryDelay,
                MaxDelay = TimeSpan.FromSeconds(30),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = arguments => ValueTask.FromResult(MayRepeat(arguments.Outcome, options, time)),
                DelayGenerator = arguments => ValueTask.FromResult(Asked(arguments.Outcome, time)),
                OnRetry = async arguments =>
                {
                    if (log is not null)
                    {
                        LogRetry(
                            log, model, arguments.AttemptNumber + 1, options.MaxRetries + 1,
                            Words(arguments.Outcome, options.Key),
                            arguments.RetryDelay.TotalSeconds);
                    }

                    ErrorCode code = arguments.Outcome.Result?.StatusCode == HttpStatusCode.TooManyRequests
                        ? ErrorCode.ModelRateLimited
                        : ErrorCode.ModelUnavailable;
                    string words = $"Model '{model}' could not be asked: {Words(arguments.Outcome, options.Key)}.";
                    await new ModelRetry(model, code, words, arguments.RetryDelay).ReportAsync().ConfigureAwait(false);
                    arguments.Outcome.Result?.Dispose();
                },
            });
        }

        return builder
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
            {
                FailureRatio = 0.5,
                MinimumThroughput = options.CircuitBreakerThroughput,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = options.CircuitBreakerDuration,
                ShouldHandle = static arguments => ValueTask.FromResult(IsOutage(arguments.Outcome)),
            })
            .AddTimeout(options.AttemptTimeout)
            .Build();
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Model '{Model}': attempt {Attempt} of {Attempts} failed ({Reason}); the next one is made in {Seconds:0.#} s.")]
    private static partial void LogRetry(ILogger log, string model, int attempt, int attempts, string reason, double seconds);

    private static string Words(Outcome<HttpResponseMessage> outcome, string? key) => outcome.Result is { } response
        ? $"status {(int)response.StatusCode}"
        : Excerpt.Of(outcome.Exception?.Message ?? "no answer", key);

    private static bool MayRepeat(Outcome<HttpResponseMessage> outcome, ModelOptions options, TimeProvider time)
    {
        if (outcome.Result is not { } response)
        {
            return IsBroken(outcome.Exception);
        }

        bool transient = response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            || ((int)response.StatusCode >= 500 && response.StatusCode != HttpStatusCode.NotImplemented);
        return transient
            && !response.Headers.Contains(ModelHttpHandler.QuotaHeader)
            && !(RetryAfter.Read(response, time.GetUtcNow()) > options.MaxRetryAfter);
    }

    // A provider that is busy (429) is up; only one that fails or cannot be reached is spared.
    private static bool IsOutage(Outcome<HttpResponseMessage> outcome) =>
        outcome.Result is { } response ? (int)response.StatusCode >= 500 : IsBroken(outcome.Exception);

    private static bool IsBroken(Exception? exception) =>
        exception is HttpRequestException or IOException or TimeoutRejectedException;

    private static TimeSpan? Asked(Outcome<HttpResponseMessage> outcome, TimeProvider time) =>
        outcome.Result is { } response ? RetryAfter.Read(response, time.GetUtcNow()) : null;
}
