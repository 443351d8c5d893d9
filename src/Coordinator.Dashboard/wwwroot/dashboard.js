// Starts the live connection and says loudly when it is gone. Blazor's own dialog gives up after some tries; this one never does, and goes on by itself when a coordinator answers again.
(() => {
    "use strict";
    const retryMs = 1000;
    const silenceMs = 6000;
    const banner = document.getElementById("connection-lost");
    let trying = false;

    function utc(date) { return date.toISOString().substring(11, 19) + " UTC"; }

    function showLost(text) {
        if (!document.body.classList.contains("lost")) {
            const now = new Date();
            const since = document.getElementById("lost-since");
            since.textContent = utc(now);
            since.dateTime = now.toISOString();
            document.body.classList.add("lost");
            banner.hidden = false;
            document.title = "(lost) " + document.title;
            showOthers();
        }
        document.getElementById("lost-state").textContent = text;
    }

    function showOthers() {
        const links = document.getElementById("lost-links");
        links.replaceChildren();
        const others = [...document.querySelectorAll("#other-dashboards a")].filter(a => a.origin !== location.origin);
        document.getElementById("lost-elsewhere").hidden = others.length === 0;
        for (const other of others) {
            const link = document.createElement("a");
            link.href = other.origin + location.pathname + location.search;
            link.textContent = other.host;
            links.append(link, " ");
        }
    }

    function showBack() {
        document.body.classList.remove("lost");
        banner.hidden = true;
        document.title = document.title.replace(/^\(lost\) /, "");
    }

    const pause = () => new Promise(done => setTimeout(done, retryMs));

    async function answers() {
        try {
            return (await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(silenceMs) })).ok;
        } catch {
            return false;
        }
    }

    async function comeBack() {
        if (trying) {
            return;
        }
        trying = true;
        for (let tries = 1; ; tries++) {
            showLost(`Trying again (${tries}).`);
            if (await answers()) {
                try {
                    if (await Blazor.reconnect()) {
                        showBack();
                        trying = false;
                        return;
                    }
                } catch {
                    // It answered and broke at once: the page is asked for anew.
                }
                // Another life of the coordinator, or another one behind the same address: it does not know this page.
                location.reload();
                return;
            }
            await pause();
        }
    }

    window.coordinatorDashboard = {
        theme: () => localStorage.getItem("coordinator-theme"),
        setTheme: (dark) => localStorage.setItem("coordinator-theme", dark ? "dark" : "light"),
        apply: (dark) => { document.documentElement.dataset.theme = dark ? "dark" : "light"; },
    };

    Blazor.start({
        circuit: {
            configureSignalR: builder => builder.withServerTimeout(silenceMs).withKeepAliveInterval(silenceMs / 3),
            reconnectionHandler: { onConnectionDown: comeBack, onConnectionUp: () => { if (!trying) { showBack(); } } },
        },
    }).then(() => { document.body.dataset.live = "true"; }, comeBack);
})();
