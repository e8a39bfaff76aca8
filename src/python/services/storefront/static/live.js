// What pages do by themselves where scripts run. All of it works without: forms post, links reload.
"use strict";

document.documentElement.classList.add("scripted");

const sayings = {
  accepted: "Accepted. Setting the goods aside…",
  payment_pending: "Set aside for you. Taking the payment…",
  confirmed: "Confirmed. It is yours.",
};
const steps = ["accepted", "payment_pending", "confirmed"];

function show(order, view) {
  if (view.state === "cancelled") {
    location.reload(); // the server words the reason
    return;
  }
  order.dataset.state = view.state;
  document.getElementById("status").textContent = sayings[view.state] || "";
  const reached = steps.indexOf(view.state);
  order.querySelectorAll("[data-step]").forEach((step, place) => {
    const isDone = place < reached || view.state === "confirmed";
    step.className = isDone ? "done" : place === reached ? "now" : "later";
  });
}

function follow(order) {
  const events = new EventSource(order.dataset.events);
  let failures = 0;
  events.addEventListener("state", (event) => {
    failures = 0;
    const view = JSON.parse(event.data);
    show(order, view);
    if (view.state === "confirmed" || view.state === "cancelled") events.close();
  });
  events.addEventListener("error", () => {
    failures += 1;
    // A closed source was refused (a token that has run out); a page load renews the session.
    if (events.readyState === EventSource.CLOSED || failures > 5) {
      events.close();
      setTimeout(() => location.reload(), 3000);
    }
  });
  addEventListener("pagehide", () => events.close());
}

function countDown(element) {
  const target = Date.parse(element.dataset.countdown);
  const two = (number) => String(number).padStart(2, "0");
  const tick = () => {
    const seconds = Math.ceil((target - Date.now()) / 1000);
    if (seconds <= 0) {
      // Not all at once: a crowd that waits for the same second spreads over two.
      setTimeout(() => location.reload(), 500 + Math.random() * 1500);
      return;
    }
    const days = Math.floor(seconds / 86400);
    const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
    element.textContent = (days ? `in ${days} d ` : "in ") + clock.map(two).join(":");
    setTimeout(tick, 1000 - (Date.now() % 1000));
  };
  tick();
}

document.querySelectorAll("[data-events]").forEach(follow);
document.querySelectorAll("[data-countdown]").forEach(countDown);
document.querySelectorAll("form[data-once]").forEach((form) => {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button[type=submit]");
    setTimeout(() => { button.disabled = true; }, 0);
    addEventListener("pageshow", (event) => { if (event.persisted) button.disabled = false; });
  });
});
